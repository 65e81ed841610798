"""Every error that the models know of an operation that is served comes through boto3 at least once."""

from contextlib import nullcontext
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from django.db import OperationalError, connection
from pytest_django import Settings

from accounts.models import Account
from registry.aws import dispatch
from registry.aws.view import LARGEST
from registry.aws.wire import models
from tests.factories.registry import push_image
from tests.registry.aws import provocations
from tests.registry.aws.conftest import Clients
from tests.registry.aws.provocations import OWN, OWNER, UNREACHABLE, WRONG, Arguments, Bench

pytestmark = pytest.mark.any_database

MODELLED: Final = [
    (service, operation, shape.name)
    for service in ("ecr", "ecr-public")
    for operation in sorted(dispatch.served(service))
    for shape in models.service(service).operation_model(operation).error_shapes
]


@pytest.fixture
def bench(aws: Clients, account: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch, service: str) -> Bench:
    """A client of the service, a repository and an image."""
    client, address = aws(service), provocations.place(service)
    client.create_repository(repositoryName=provocations.NAME)
    push_image(OWNER, address, "1")
    return Bench(client, address, settings, monkeypatch)


def provoked(bench: Bench, aws: Clients, service: str, operation: str, error: str) -> tuple[Any, Arguments]:
    """A client and what it has to ask to get the error."""
    shape = models.service(service).operation_model(operation).input_shape
    members = list(shape.members) if shape is not None else []
    given = provocations.request(service, operation, members)
    if (operation, error) in OWN:
        own = OWN[operation, error]
        return bench.client, given | (own(bench) if callable(own) else own)
    match error:
        case "RepositoryNotFoundException":
            return bench.client, provocations.of_nothing(given)
        case "RegistryNotFoundException":
            return bench.client, given | {"registryId": "nobody-has-it"}
        case "UnsupportedCommandException":
            return aws(service, region="eu-west-9"), given
        case "InvalidParameterException":
            name = next((name for name in WRONG if name in members), "")
            if name:
                return bench.client, given | {name: WRONG[name]}
            bench.client.meta.events.register("before-call", _too_long)
        case "ServerException":
            pass
        case _:
            pytest.fail(f"nothing brings about {error} of {operation}: put it among OWN or UNREACHABLE")
    return bench.client, given


def _too_long(params: dict[str, Any], **_: Any) -> None:
    """Nothing else can be wrong with a request that says nothing."""
    params["body"] = b" " * (LARGEST + 1)


def _gone(*_: Any) -> Any:
    raise OperationalError("connection to server at 192.0.2.7 failed")


@pytest.mark.parametrize(
    ("service", "operation", "error"),
    [each for each in MODELLED if each not in UNREACHABLE],
    ids=lambda value: value.removesuffix("Exception"),
)
def test_it_is_provoked(bench: Bench, aws: Clients, service: str, operation: str, error: str) -> None:
    client, arguments = provoked(bench, aws, service, operation, error)
    names = client.meta.method_to_api_mapping
    method = getattr(client, next(name for name in names if names[name] == operation))
    database = connection.execute_wrapper(_gone) if error == "ServerException" else nullcontext()
    with database, pytest.raises(ClientError) as caught:
        method(**arguments)
    assert isinstance(caught.value, getattr(client.exceptions, error)), caught.value
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == (503 if error == "ServerException" else 400)
    said = caught.value.response["Error"]["Message"]
    assert said and "192.0.2.7" not in said


def test_what_is_not_provoked_is_known_to_the_models_and_has_a_reason() -> None:
    assert set(UNREACHABLE) <= set(MODELLED)
    assert all(UNREACHABLE.values())
    assert {(operation, error) for _, operation, error in MODELLED} >= set(OWN)
