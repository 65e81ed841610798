"""The service models that come with botocore, read once each."""

from functools import lru_cache
from typing import Any, Final

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

SERVICES: Final = ("ecr", "ecr-public", "sts", "iam")
TARGETS: Final = {"AmazonEC2ContainerRegistry_V20150921": "ecr", "SpencerFrontendService": "ecr-public"}
"""Prefix of X-Amz-Target -> service."""
VERSIONS: Final = {"2011-06-15": "sts", "2010-05-08": "iam"}
"""Parameter Version of query requests -> service."""


@lru_cache(maxsize=len(SERVICES))
def service(name: str) -> Any:
    """The model of a service."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@lru_cache(maxsize=512)
def operation(service_name: str, name: str) -> OperationModel | None:
    """The model of an operation; None if the service has none of this name."""
    model = service(service_name)
    return model.operation_model(name) if name in model.operation_names else None


@lru_cache(maxsize=512)
def errors(service_name: str, name: str) -> frozenset[str]:
    """The codes of the errors that an operation may answer by its model; none for what is no operation."""
    model = operation(service_name, name) if service_name else None
    return frozenset(shape.error_code or shape.name for shape in model.error_shapes) if model else frozenset()


def is_json(service_name: str) -> bool:
    """Whether the service speaks JSON 1.1; the others speak query and XML."""
    return service_name in TARGETS.values()


def namespace(service_name: str) -> str:
    """The XML namespace of a query service's answers."""
    return str(service(service_name).metadata["xmlNamespace"])
