"""The AWS APIs at `POST /`: signed requests, parsed and answered by botocore's service models."""
