"""Lifecycle policies: which images go, and when. Amazon ECR User Guide, "Automate the cleanup of images"."""
