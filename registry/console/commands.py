"""The same as a page does, as commands of the AWS CLI and a script for boto3, with the values on the screen.

Both run as they stand: they name endpoint and region, and carry texts such as policies instead of files of them.
"""

import json
import pprint
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from botocore import xform_name
from django.conf import settings
from django.http import HttpRequest

from accounts.iam.reader import Reader, Unreadable
from registry.console import places
from registry.values import Address, RegistryId

Call = tuple[str, Mapping[str, Any]]
"""An operation as the API names it (`CreateRepository`), and its parameters, named likewise."""
DOCUMENTS: Final = frozenset(
    {"policyText", "repositoryPolicy", "PolicyDocument", "AssumeRolePolicyDocument", "lifecyclePolicyText"}
)
"""Parameters that are JSON in a text: they may be written in one line."""
EACH: Final = "\0"
"""Stands in a parameter for each of several names."""
CLIENTS: Final = {"ecr-public": "public"}
"""How scripts call a client, if not as the service is called."""


def equivalent(
    request: HttpRequest, registry: RegistryId, operation: str, parameters: Mapping[str, Any], *more: Call
) -> dict[str, Any]:
    """One or several calls about a registry, as `components/command.html` shows them.

    `cli` is the line of the first call, `more` those of the others, `boto3` is all. Parameters that are None or empty
    are left out.
    """
    service, region = _place(registry)
    return of_service(request, service, (operation, parameters), *more, region=region)


def of_service(request: HttpRequest, service: str, *calls: Call, region: str = "") -> dict[str, Any]:
    """Calls of any service, such as `iam`."""
    region, endpoint = region or settings.HOME_REGION, places.origin(request)
    given = [(operation, _given(parameters)) for operation, parameters in calls]
    lines = [_line(service, region, endpoint, *call) for call in given]
    return {"cli": lines[0], "more": lines[1:], "boto3": _script(service, region, endpoint, given)}


def for_each(
    request: HttpRequest, registry: RegistryId, names: Sequence[str], operation: str, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """A call for each of several names, which stand where the parameters have EACH."""
    service, region = _place(registry)
    endpoint, given = places.origin(request), _given(parameters)
    line = _line(service, region, endpoint, operation, given)
    client = _client(service, region, endpoint)
    call = "\n    ".join(f"client.{xform_name(operation)}({_arguments(given)})".split("\n"))
    return {
        "cli": f"for name in {' '.join(map(shlex.quote, names))}; do {line}; done",
        "more": [],
        "boto3": f"import boto3\n\nclient = {client}\nfor name in {_indented(list(names))}:\n    {call}",
    }


def tagging(request: HttpRequest, address: Address, digest: str, media_type: str, tag: str) -> dict[str, Any]:
    """Let a tag name an image that is there: its manifest is fetched, and put under the tag."""
    (service, region), endpoint = _place(address.registry), places.origin(request)
    name = str(address.name)
    asked = {"repositoryName": name, "imageIds": [{"imageDigest": digest}], "acceptedMediaTypes": [media_type]}
    fetched = _line(service, region, endpoint, "BatchGetImage", asked)
    fetched += " --query 'images[0].imageManifest' --output text"
    known = {"repositoryName": name, "imageTag": tag, "imageDigest": digest, "imageManifestMediaType": media_type}
    put = _line(service, region, endpoint, "PutImage", known)
    script = (
        f"import boto3\n\necr = {_client(service, region, endpoint)}\n"
        f"image = ecr.batch_get_image({_arguments(asked)})['images'][0]\n"
        f"ecr.put_image({_arguments(known).removesuffix(chr(10))}\n    imageManifest=image['imageManifest'],\n)"
    )
    return {"cli": f'{put} --image-manifest "$({fetched})"', "more": [], "boto3": script}


def tags_of(texts: Mapping[str, str]) -> list[dict[str, str]]:
    """Resource tags as the API writes them."""
    return [{"Key": key, "Value": value} for key, value in texts.items()]


def _place(registry: RegistryId) -> tuple[str, str]:
    """Service and region."""
    return ("ecr-public", settings.HOME_REGION) if registry.is_public else ("ecr", registry.region)


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value not in (None, "", [], {})}


def _client(service: str, region: str, endpoint: str) -> str:
    return f"boto3.client({service!r}, region_name={region!r}, endpoint_url={endpoint!r})"


def _line(service: str, region: str, endpoint: str, operation: str, given: Mapping[str, Any]) -> str:
    """One command of the AWS CLI."""
    words = ["aws", service, xform_name(operation, "-"), *_options(given), "--region", region]
    return " ".join([*words, "--endpoint-url", shlex.quote(endpoint)])


def _options(given: Mapping[str, Any]) -> list[str]:
    words = []
    for key, value in given.items():
        option = f"--{xform_name(key, '-')}"
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        elif isinstance(value, str | int):
            text = _in_one_line(str(value)) if key in DOCUMENTS else str(value)
            words += [option, '"$name"'.join(shlex.quote(part) if part else "" for part in text.split(EACH))]
        else:
            words += [option, shlex.quote(json.dumps(value, ensure_ascii=False))]
    return words


def _in_one_line(text: str) -> str:
    """The same JSON without line breaks; as it is if it can't be read."""
    try:
        return json.dumps(Reader(text).read(), ensure_ascii=False)
    except Unreadable:
        return text


def _script(service: str, region: str, endpoint: str, calls: Sequence[Call]) -> str:
    client = _client(service, region, endpoint)
    if len(calls) == 1:
        operation, given = calls[0]
        return f"import boto3\n\n{client}.{xform_name(operation)}({_arguments(given)})"
    name = CLIENTS.get(service, service)
    lines = [f"{name}.{xform_name(operation)}({_arguments(given)})" for operation, given in calls]
    return "\n".join(["import boto3\n", f"{name} = {client}", *lines])


def _arguments(given: Mapping[str, Any]) -> str:
    """What stands in the brackets of a call, each argument in a line of its own."""
    return "".join(f"\n    {key}={_indented(value)}," for key, value in given.items()) + "\n"


def _indented(value: Any) -> str:
    """A value as Python writes it, with further lines under the first."""
    if isinstance(value, str) and EACH in value:
        return "f" + repr(value.replace(EACH, "{name}"))
    return pprint.pformat(value, width=96, sort_dicts=False).replace("\n", "\n        ")
