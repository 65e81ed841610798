"""The commands that pages show are ones that the AWS CLI and boto3 take."""

import ast
import shlex

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator
from django.test import RequestFactory

from registry.console import commands
from registry.values import PUBLIC, RegistryId

PRIVATE, OPEN = RegistryId("111122223333", "us-east-1"), RegistryId("111122223333", PUBLIC)
CALLS = [
    (
        PRIVATE,
        "CreateRepository",
        {
            "repositoryName": "team/app",
            "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
            "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
            "tags": [{"Key": "it's", "Value": "a $b"}],
            "imageScanningConfiguration": {"scanOnPush": True},
        },
    ),
    (PRIVATE, "DeleteRepository", {"repositoryName": "team/app", "force": True}),
    (PRIVATE, "BatchDeleteImage", {"repositoryName": "team/app", "imageIds": [{"imageTag": "1"}]}),
    (OPEN, "CreateRepository", {"repositoryName": "app", "catalogData": {"description": "one\nline"}}),
]


@pytest.mark.parametrize(("registry", "operation", "parameters"), CALLS)
def test_it_works(registry: RegistryId, operation: str, parameters: dict[str, object]) -> None:
    made = commands.equivalent(RequestFactory().get("/"), registry, operation, parameters)
    service = "ecr-public" if registry.is_public else "ecr"
    model = botocore.session.get_session().get_service_model(service).operation_model(operation)
    words = shlex.split(made["cli"])
    assert words[:3] == ["aws", service, xform_name(operation, "-")]
    options = {word for word in words if word.startswith("--")} - {"--region", "--endpoint-url"}
    assert options == {f"--{xform_name(name, '-')}" for name in parameters}
    call = ast.parse(made["boto3"]).body[1].value
    assert call.func.attr == xform_name(operation)
    given = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    assert given == parameters
    assert not ParamValidator().validate(given, model.input_shape).has_errors()


def test_what_is_empty_is_left_out() -> None:
    made = commands.equivalent(RequestFactory().get("/"), PRIVATE, "CreateRepository", {"a": "", "b": None, "c": []})
    assert made["cli"] == "aws ecr create-repository --region us-east-1 --endpoint-url http://testserver"
