"""Between bytes and values, by the shapes of botocore's service models. Pure: no Django."""
