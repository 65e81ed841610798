"""Labels and annotations that everybody knows, as facts of a page with addresses that are safe to follow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry.content.readable import readable, web_link

PREFIX: Final = "org.opencontainers.image."
NAMES: Final[dict[str, Promise]] = {
    "title": _("Title"),
    "version": _("Version"),
    "source": _("Source"),
    "revision": _("Revision"),
    "licenses": _("Licence"),
    "url": _("Home page"),
    "documentation": _("Documentation"),
    "vendor": _("Vendor"),
    "authors": _("Authors"),
}
SPDX_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}")
COMMITS: Final = {"github.com": "/commit/", "gitlab.com": "/-/commit/", "codeberg.org": "/commit/"}


@dataclass(frozen=True, slots=True)
class Label:
    """A fact by its name for people and its key; `url` is empty if there is nowhere to go."""

    name: Promise
    text: str
    url: str
    key: str


def known(said: Mapping[str, str]) -> list[Label]:
    """Return the labels that have a name for people, in the same order for every image."""
    found = []
    for key, name in NAMES.items():
        text = readable(said.get(f"{PREFIX}{key}"), 1000).strip()
        if text:
            found.append(Label(name, text, _url(key, text, said), f"{PREFIX}{key}"))
    return found


def _url(key: str, text: str, said: Mapping[str, str]) -> str:
    if key == "licenses":
        return f"https://spdx.org/licenses/{text}.html" if SPDX_NAME.fullmatch(text) else ""
    if key == "revision":
        return _commit(text, web_link(said.get(f"{PREFIX}source")))
    return web_link(text)


def _commit(revision: str, source: str) -> str:
    """The page of a commit, where it is known how a host writes its address."""
    match = re.match(r"https://([a-z.]+)/[\w.-]+/[\w.-]+?(?:\.git)?/?$", source)
    way = COMMITS.get(match[1]) if match else None
    if not way or not re.fullmatch(r"[0-9a-f]{7,64}", revision):
        return ""
    return f"{source.rstrip('/').removesuffix('.git')}{way}{revision}"
