"""Scanning: what is in an image, and which advisories are about it. Amazon ECR User Guide, "Scan images"."""
