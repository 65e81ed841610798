"""The registry: repositories, images, blobs, and the HTTP APIs that serve them."""
