"""What a pull command or reference that was pasted names: `docker pull host/alias/name:tag` -> `alias/name`. Pure."""

import re
from typing import Final

from registry.values import ALIAS, NAME

PATH: Final = rf"(?P<path>{ALIAS.pattern}/{NAME.pattern})"
END: Final = r"(?P<end>:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?P<digest>@sha(?:256|512):[0-9a-f]{64,128})?"
SCHEME: Final = r"(?:(?:https?|oci|docker)://)?"


def repository_in(text: str, host: str) -> str:
    """Return the path of the repository in a text, or nothing if no word is a reference that this host serves."""
    here = re.compile(rf"{SCHEME}{re.escape(host)}/{PATH}(?:{END}|/-/.*|/)")
    for word in text.split():
        if found := here.fullmatch(word):
            return found["path"]
    found = re.fullmatch(PATH + END, text.strip())
    return (
        found["path"] if found and (found["end"] or found["digest"]) and "." not in found["path"].split("/")[0] else ""
    )
