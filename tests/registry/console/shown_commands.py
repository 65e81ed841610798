"""Reads the commands that pages show, and makes the calls of both forms without a server."""

import html
import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3
import botocore.session
from botocore import xform_name
from botocore.awsrequest import AWSResponse

CLI = re.compile(r'id="[\w-]*-cli(?:-\d+)?"[^>]*>([^<]+)<')
SCRIPT = re.compile(r'<pre[^>]*aria-label="boto3[^"]*"[^>]*>([^<]+)</pre>')
LOOP = re.compile(r"for name in (.+); do (.+); done")
INNER = re.compile(r'"\$\((.+)\)"')

# They read what AWS says of its services once.
MODELS = botocore.session.get_session()
SESSION = boto3.Session("a", "b")

Made = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters of a call."""


@dataclass
class Shown:
    """What a page shows: lines of the AWS CLI, and scripts."""

    lines: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)


def shown(page: str) -> Shown:
    """Find the commands of a page."""
    unescape = html.unescape
    return Shown([unescape(each) for each in CLI.findall(page)], [unescape(each) for each in SCRIPT.findall(page)])


def calls_of_lines(lines: list[str], endpoint: str) -> list[Made]:
    """The calls of the lines; AssertionError for one that names an unknown option, no region or no endpoint."""
    made: list[Made] = []
    for line in lines:
        loop = LOOP.fullmatch(line)
        if loop:
            # A shell would put each name into the place of the variable.
            made += [_call(loop[2].replace('"$name"', name), endpoint) for name in shlex.split(loop[1])]
            continue
        inner = INNER.search(line)
        if inner:
            fetched = inner[1].removesuffix(" --query 'images[0].imageManifest' --output text")
            assert fetched != inner[1]
            made.append(_call(fetched, endpoint))
        made.append(_call(INNER.sub("manifest", line), endpoint))
    return made


def _call(line: str, endpoint: str) -> Made:
    words = shlex.split(line)
    assert words[0] == "aws" and "--region" in words and words[words.index("--endpoint-url") + 1] == endpoint, line
    service = words[1]
    model = MODELS.get_service_model(service)
    operation = next(each for each in model.operation_names if xform_name(each, "-") == words[2])
    members = model.operation_model(operation).input_shape.members
    options = {f"--{xform_name(name, '-')}": name for name in members}
    given: dict[str, Any] = {}
    rest = words[3:]
    while rest:
        option = rest.pop(0)
        if option in {"--region", "--endpoint-url"}:
            rest.pop(0)
            continue
        positive = option.replace("--no-", "--", 1)
        name = options.get(option) or options[positive]
        if members[name].type_name == "boolean":
            given[name] = option in options
        else:
            text = rest.pop(0)
            given[name] = json.loads(text) if members[name].type_name in {"structure", "list"} else text
    return service, operation, given


def calls_of_scripts(scripts: list[str], endpoint: str) -> list[Made]:
    """Run the scripts with clients of boto3 that check their parameters and reach nobody; the calls that they made."""
    made: list[Made] = []

    def client(service: str, *, region_name: str, endpoint_url: str) -> Any:
        assert region_name and endpoint_url == endpoint
        real = SESSION.client(service, region_name=region_name, endpoint_url=endpoint_url)

        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            made.append((service, model.name, dict(params)))

        def answer(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
            return AWSResponse(endpoint_url, 200, {}, None), {"images": [{"imageManifest": "manifest"}]}

        real.meta.events.register("before-parameter-build", note)
        real.meta.events.register("before-call", answer)
        return real

    with mock.patch.object(boto3, "client", client):
        for script in scripts:
            exec(compile(script, "shown", "exec"), {})  # noqa: S102 - what people would paste
    return made


def comparable(calls: list[Made]) -> list[str]:
    """Calls as texts in which the layout of JSON does not matter."""
    written = []
    for service, operation, given in calls:
        read = {name: _read(value) for name, value in given.items()}
        written.append(json.dumps([service, operation, read], sort_keys=True))
    return sorted(written)


def _read(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return json.loads(value)
    return value
