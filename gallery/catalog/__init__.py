"""Words of the catalog: categories, and the platforms as ECR Public names them."""
