"""Inputs made from botocore's shapes, valid, at the boundary, broken: every answer is one of the API's, never a 500."""

import json
import os
import xml.etree.ElementTree as ET
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from accounts.caller import operator
from accounts.directory import principals as directory
from accounts.directory.access_keys import NewAccessKey
from accounts.models import Account
from registry.aws import dispatch
from registry.aws.wire import models
from tests.factories.registry import make_public_repository, make_repository, push_image
from tests.registry.aws.client import send

URL: Final = "http://kho.test/"
CASES: Final = int(os.environ.get("KHO_CASES", "12"))
SERVICES: Final = ("ecr", "ecr-public", "sts", "iam")
OPERATIONS: Final = [
    (service, name)
    for service in SERVICES
    for name in sorted(models.service(service).operation_names)
    if dispatch.find(service, name) is not None
]
COMMON: Final = frozenset(
    {"AccessDenied", "AccessDeniedException", "MalformedInput", "SerializationException", "ValidationError"}
)
"""What every operation may answer, beside the errors of its model."""
KNOWN: Final = {
    "repositoryName": ["team/app", "team/app", "team/app", "a/b", "no", "UPPER", "a" * 257, ""],
    "registryId": ["111122223333", "444455556666", "12", ""],
    "imageTag": ["1", "latest", "bad tag", "x" * 301, "a\x00b"],
    "imageDigest": ["sha256:" + "0" * 64, "sha256:xyz", "", "sha256:\x00"],
    "resourceArn": [
        "arn:aws:ecr:us-east-1:111122223333:repository/team/app",
        "arn:aws:ecr-public::111122223333:repository/a",
        "arn:",
    ],
    "nextToken": ["", "x", "eyJhIjoxfQ"],
    "UserName": ["bo", "alice", "", "a b"],
    "RoleName": ["deploy", ""],
    "GroupName": ["builders", ""],
    "PolicyArn": ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::111122223333:policy/own", "arn"],
    "RoleArn": ["arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::1:role/x"],
    "WebIdentityToken": ["a.b.c", "x" * 20001, ""],
    "Path": ["/", "/a/", "a"],
}
"""Values that lead further in than random text does, by member, in the spelling of ecr and of iam."""
POLICY: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*"}]}'
TEXTS: Final = st.one_of(
    st.sampled_from(
        ["", "a", "team/app", POLICY, "{", "[]", "\u0000", "\ud83d\ude00", "ê̂đ", "x" * 5000, "*", "${aws:username}"]
    ),
    st.text(max_size=40),
)


def values(shape: Any, name: str, depth: int = 0) -> SearchStrategy[Any]:
    """Values of a shape, most of them in form, and now and then one of another type."""
    made: SearchStrategy[Any]
    match shape.type_name:
        case "structure":
            made = structures(shape, depth + 1) if depth < 4 else st.just({})
        case "list":
            made = st.lists(values(shape.member, name.removesuffix("s"), depth + 1), max_size=3)
        case "map":
            made = st.dictionaries(TEXTS, values(shape.value, name, depth + 1), max_size=3)
        case "string":
            made = texts(shape, name)
        case "integer" | "long":
            made = st.one_of(st.integers(-2, 1100), st.integers())
        case "boolean":
            made = st.booleans()
        case "timestamp":
            made = st.one_of(st.integers(0, 2**33), st.floats(allow_nan=False, allow_infinity=False))
        case "blob":
            made = st.sampled_from(["", "QQ==", "not base64!", "A" * 200])
        case _:
            made = st.floats(allow_nan=False, allow_infinity=False)
    wrong = st.sampled_from([None, 7, "text", True, [], {}, [None], {"a": [1]}])
    return st.one_of(made, made, made, made, wrong)


def texts(shape: Any, name: str) -> SearchStrategy[str]:
    """Text: one of the enumeration, one that is known to lead somewhere, or anything."""
    choices = [TEXTS]
    if shape.enum:
        choices.append(st.sampled_from([*shape.enum, "NO_SUCH_WORD"]))
    known = KNOWN.get(name) or KNOWN.get(name[:1].lower() + name[1:])
    if known:
        choices += [st.sampled_from(known)] * 2
    if "olicy" in name:
        choices.append(st.just(POLICY))
    return st.one_of(choices)


def structures(shape: Any, depth: int = 0) -> SearchStrategy[dict[str, Any]]:
    """A structure with its required members mostly there, others now and then, and sometimes one that is unknown."""
    required = {
        name: values(member, name, depth) for name, member in shape.members.items() if name in shape.required_members
    }
    optional = {name: values(member, name, depth) for name, member in shape.members.items() if name not in required}
    whole = st.fixed_dictionaries(required, optional=optional)
    broken = st.fixed_dictionaries({}, optional={**required, **optional, "noSuchMember": st.just("x")})
    return st.one_of(whole, whole, whole, broken)


def sent(key: NewAccessKey, service: str, operation: str, given_input: Any, *, prefix: str = "") -> Any:
    """The answer to a signed request with this input, however wrong it is; `prefix` names another service's API."""
    model = models.service(service)
    headers = {"Host": "kho.test"}
    if model.metadata["protocol"] == "json":
        body = json.dumps(given_input).encode()
        target = f"{prefix or model.metadata['targetPrefix']}.{operation}"
        headers |= {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    else:
        pairs = {"Action": operation, "Version": model.api_version} | flat(given_input)
        body = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in pairs.items()}).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    request = AWSRequest("POST", URL, data=body, headers=headers)
    SigV4Auth(Credentials(key.id, key.secret), service, "us-east-1").add_auth(request)
    return send("POST", URL, dict(request.headers.items()), body)


def flat(value: Any, path: str = "") -> dict[str, str]:
    """A value as the query protocol writes it."""
    if isinstance(value, dict):
        pairs = [flat(each, f"{path}.{name}" if path else str(name)) for name, each in value.items()]
    elif isinstance(value, list):
        pairs = [flat(each, f"{path}.member.{number}") for number, each in enumerate(value, 1)]
    else:
        return {path or "x": "" if value is None else str(value)}
    return {name: text for pair in pairs for name, text in pair.items()}


def code_of(answer: Any) -> str:
    """The code of the error, or none."""
    if answer["Content-Type"].endswith("json-1.1"):
        return str(json.loads(answer.content).get("__type", ""))
    root = ET.fromstring(answer.content)
    return root.findtext(".//{*}Error/{*}Code") or ""


@pytest.mark.parametrize(("service", "operation"), OPERATIONS, ids=[f"{s}-{o}" for s, o in OPERATIONS])
def test_every_answer_is_one_of_the_api(key: NewAccessKey, service: str, operation: str) -> None:
    owner = operator("111122223333")
    push_image(owner, make_repository(owner, "team/app").address, "1")
    push_image(owner, make_public_repository(owner, "team/app").address, "1")
    directory.create_user(Account.objects.get(id="111122223333"), "bo")
    model = models.operation(service, operation)
    assert model is not None
    known = models.errors(service, operation) | COMMON
    shape = model.input_shape
    inputs = st.one_of(structures(shape) if shape is not None else st.just({}), st.sampled_from([[], "x", 1, None]))

    @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(inputs)
    def ask(given_input: Any) -> None:
        if models.service(service).metadata["protocol"] != "json" and not isinstance(given_input, dict):
            given_input = {}
        got = sent(key, service, operation, given_input)
        assert got.status_code < 500, (given_input, got.content)
        said = code_of(got)
        assert (got.status_code == 200) == (not said)
        assert not said or said in known, (given_input, got.content)
        assert "Traceback" not in got.content.decode()

    ask()
