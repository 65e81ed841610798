"""The same as a page does, as a command of the AWS CLI and a call of boto3, with the values on the screen."""

import json
import pprint
import re
import shlex
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from registry.console import places
from registry.values import RegistryId

WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def equivalent(
    request: HttpRequest, registry: RegistryId, operation: str, parameters: Mapping[str, Any]
) -> dict[str, str]:
    """Both forms of a call, under `cli` and `boto3`; parameters that are None or empty are left out.

    `operation` is as the API names it (`CreateRepository`), so are the parameters.
    """
    service = "ecr-public" if registry.is_public else "ecr"
    region = settings.HOME_REGION if registry.is_public else registry.region
    endpoint = places.origin(request)
    given = {name: value for name, value in parameters.items() if value not in (None, "", [], {})}
    name = WORD.sub("-", operation).lower()
    words = ["aws", service, name, *_options(given), "--region", region, "--endpoint-url", shlex.quote(endpoint)]
    client = f"boto3.client({service!r}, region_name={region!r}, endpoint_url={endpoint!r})"
    arguments = "".join(f"\n    {key}={_indented(value)}," for key, value in given.items())
    return {
        "cli": " ".join(words),
        "boto3": f"import boto3\n\n{client}.{name.replace('-', '_')}({arguments}\n)",
    }


def _options(given: Mapping[str, Any]) -> list[str]:
    words = []
    for key, value in given.items():
        option = f"--{WORD.sub('-', key).lower()}"
        if isinstance(value, bool):
            words.append(option if value else option.replace("--", "--no-", 1))
        elif isinstance(value, str | int):
            words += [option, shlex.quote(str(value))]
        else:
            words += [option, shlex.quote(json.dumps(value, ensure_ascii=False))]
    return words


def _indented(value: Any) -> str:
    """A value as Python writes it, with further lines under the first."""
    return pprint.pformat(value, width=96, sort_dicts=False).replace("\n", "\n        ")
