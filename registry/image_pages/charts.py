"""The pages of a Helm chart's version: README, values, schema, templates, changes, definitions, images."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from accounts.caller import Caller
from registry.content import chart_facts, json_schemas, markdown, yaml_texts
from registry.content.chart_archives import Chart
from registry.content.json_schemas import SchemaUnreadable
from registry.content.yaml_texts import Entry, YamlUnreadable
from registry.core import image_details
from registry.core.image_details import Detail, Place
from registry.errors import ImageNotFound
from registry.image_pages import contents
from registry.values import Address, Reference

if TYPE_CHECKING:
    from registry.models import Image

MOST_LINES: Final = 10_000
MOST_MATCHES: Final = 200


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of values; `anchor` is the key that stands on it, by which it is linked, or its number."""

    text: str
    anchor: str
    key: str = ""


def context(
    caller: Caller, address: Address, reference: Reference, section: str, query: Mapping[str, str], root: str
) -> dict[str, Any]:
    """Return what a page of a chart shows. ImageNotFound, also if the image is no chart."""
    detail, place = image_details.get_with_place(caller, address, reference, with_attached=section == "readme")
    if detail.image.kind != "chart":
        raise ImageNotFound(str(reference), str(address.name), address.registry.account_id)
    return of_chart(caller, address, detail, place, section, query) | {"root": root, "images_url": f"{root}/images"}


def url(root: str, tag: str, section: str) -> str:
    """Return the address of a chart's page; that of the first one for a section that there is not."""
    known = section in BUILDERS.keys() | {"dependencies"} and section != "readme"
    return f"{root}/charts/{tag}/{section}" if known else f"{root}/tags/{tag}"


def of_chart(
    caller: Caller, address: Address, detail: Detail, place: Place, section: str, query: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a page shows of a chart that was found."""
    text = contents.chart(caller, address, image_details.manifest_of(detail.image))
    build = BUILDERS.get(section)
    return {
        "section": section,
        "detail": detail,
        "image": detail.image,
        "shown": detail.image,
        "around": place,
        "chart": text.chart,
        "problem": text.problem,
        "version": text.chart.version or detail.facts.get("version") or str(next(iter(detail.tags), "")),
        "app_version": text.chart.app_version or detail.facts.get("app_version", ""),
        "licence": text.chart.licence or detail.facts.get("licenses", ""),
        "counts": _counts(text.chart),
        **(build(text.chart, query) if build and not text.problem else {}),
    }


def readme(caller: Caller, address: Address, image: "Image") -> markdown.Rendered | None:
    """Return the README of a chart; None if it has none, or can't be read."""
    text = contents.chart(caller, address, image_details.manifest_of(image))
    shown: markdown.Rendered | None = _readme(text.chart, {})["readme"]
    return shown


def _counts(chart: Chart) -> dict[str, int]:
    """How much there is on each page, for the navigation."""
    return {
        "templates": len(chart.templates),
        "dependencies": len(chart.dependencies),
        "crds": len(chart.crds),
        "changelog": len(chart.changes),
    }


def _readme(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    return {"readme": markdown.render(chart.readme, title=chart.name) if chart.readme.strip() else None}


def _values(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    """The text with a link for each key, or only the keys that match what was typed."""
    wanted = query.get("key", "").strip()[:200]
    error = ""
    try:
        found = yaml_texts.entries(chart.values)
    except YamlUnreadable as problem:
        found, error = [], str(problem)
    matches = matching(found, wanted) if wanted else []
    return {
        "key": wanted,
        "matches": [(entry, anchor(entry.path)) for entry in matches[:MOST_MATCHES]],
        "match_count": len(matches),
        "key_count": len(found),
        "lines": source_lines(chart.values, found),
        "is_cut": chart.values.count("\n") >= MOST_LINES,
        "values_error": error,
    }


def matching(found: Sequence[Entry], wanted: str) -> list[Entry]:
    """Return the keys that hold a value and have the text in their path or comment, whatever its case."""
    return [entry for entry in found if _matches(entry, wanted.casefold())]


def _matches(entry: Entry, wanted: str) -> bool:
    """Whether a key that holds a value has the text in its path or comment."""
    has_own = not entry.value and entry.kind in {"map", "list"} and not entry.comment
    return not has_own and (wanted in entry.path.casefold() or wanted in entry.comment.casefold())


def source_lines(text: str, entries: Sequence[Entry]) -> list[SourceLine]:
    """Return the lines of a text, each under an id of its own."""
    keys: dict[int, str] = {}
    for entry in entries:
        keys.setdefault(entry.line, entry.path)
    lines, taken = [], set()
    for number, line in enumerate(text.rstrip("\n").split("\n")[:MOST_LINES], 1):
        name = anchor(keys[number]) if number in keys else ""
        if not name or name in taken:
            lines.append(SourceLine(line, f"L{number}"))
        else:
            taken.add(name)
            lines.append(SourceLine(line, name, keys[number]))
    return lines


def anchor(path: str) -> str:
    """The id of the line on which a key stands."""
    return "key-" + re.sub(r"\s", "_", path)


def _schema(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    if chart.schema is None:
        return {"rows": None}
    try:
        return {"rows": json_schemas.rows(chart.schema), "most": json_schemas.MOST_ROWS}
    except SchemaUnreadable:
        return {"rows": [], "is_unreadable": True}


def _templates(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    return _files(chart.templates, query)


def _files(files: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Any]:
    """The list of files and the one that was chosen, else the first."""
    chosen = query.get("file", "")
    chosen = chosen if chosen in files else next(iter(files), "")
    lines = files.get(chosen, "").rstrip("\n").split("\n")
    return {
        "files": [(path, len(text.encode())) for path, text in files.items()],
        "file": chosen,
        "lines": lines[:MOST_LINES],
        "is_cut": len(lines) > MOST_LINES,
    }


def _changelog(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    return {"changelog": markdown.render(chart.changelog, title="Changelog") if chart.changelog.strip() else None}


def _definitions(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    return _files(chart.crds, query) | {"definitions": chart_facts.definitions(chart.crds)}


def _images(chart: Chart, query: Mapping[str, str]) -> dict[str, Any]:
    return {"named": chart_facts.images(chart)}


BUILDERS: Final[Mapping[str, Callable[[Chart, Mapping[str, str]], dict[str, Any]]]] = {
    "readme": _readme,
    "values": _values,
    "schema": _schema,
    "templates": _templates,
    "changelog": _changelog,
    "crds": _definitions,
    "images": _images,
}
