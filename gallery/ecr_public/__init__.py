"""The operations of ecr-public that know what publishers ask for. Amazon ECR Public API Reference."""

from gallery.ecr_public import registries

__all__ = ["registries"]
