"""What the gallery knows of charts, in the shapes of its JSON API, made of what the pages of a chart are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gallery.api import scan_answers
from registry.content import chart_facts, yaml_texts
from registry.content.chart_archives import Chart
from registry.content.chart_facts import NamedImage
from registry.content.yaml_texts import Entry, YamlUnreadable
from registry.image_pages import charts
from registry.scanning.named import Named

Values = Mapping[str, Any]


def _of_chart(values: Values) -> dict[str, Any]:
    """What every answer begins with."""
    return {"digest": values["image"].digest, "version": values["version"], "problem": str(values["problem"])}


def chart(values: Values) -> dict[str, Any]:
    """The chart itself."""
    said: Chart = values["chart"]
    return _of_chart(values) | {
        "tags": values["detail"].tags,
        "name": said.name,
        "app_version": values["app_version"],
        "type": said.type,
        "kube_version": said.kube_version,
        "description": said.description or str(values["detail"].facts.get("description", "")),
        "home": said.home,
        "licence": values["licence"],
        "is_deprecated": said.is_deprecated,
        "sources": said.sources,
        "keywords": said.keywords,
        "maintainers": [asdict(each) for each in said.maintainers],
        "readme": said.readme,
        "counts": values["counts"],
        "versions": [
            {
                "tag": each.tag,
                "version": str(each.facts.get("version", "")),
                "app_version": str(each.facts.get("app_version", "")),
                "pushed_at": each.pushed_at,
            }
            for each in values["around"].versions
        ],
    }


def values_file(values: Values, key: str) -> dict[str, Any]:
    """values.yaml with all keys, or with those that match."""
    text = values["chart"].values
    problem = ""
    found: list[Entry] = []
    try:
        found = yaml_texts.entries(text)
    except YamlUnreadable as error:
        problem = str(error)
    wanted = key.strip()[:200]
    shown = charts.matching(found, wanted) if wanted else found
    keys = [
        {"path": each.path, "line": each.line, "kind": each.kind, "value": each.value, "comment": each.comment}
        for each in shown
    ]
    return _of_chart(values) | {"text": text, "keys": keys, "yaml_problem": problem}


def schema(values: Values) -> dict[str, Any]:
    """values.schema.json; `rows` of the page are absent if the archive can't be read, None if there is no schema."""
    content: bytes | None = values["chart"].schema
    rows = [
        {
            "path": each.path,
            "type": each.type,
            "default_json": each.default,
            "allowed_json": each.allowed,
            "is_required": each.is_required,
            "description": each.description,
        }
        for each in values.get("rows") or ()
    ]
    return _of_chart(values) | {
        "text": None if content is None else content.decode("utf-8", "replace"),
        "is_unreadable": values.get("is_unreadable", False),
        "rows": rows,
    }


def files(values: Values, found: Mapping[str, str], asked: str) -> dict[str, Any] | None:
    """The files, and the one that was asked for, else the first; None if there is none of that path."""
    if asked and asked not in found:
        return None
    chosen = asked or next(iter(found), "")
    return _of_chart(values) | {
        "files": [{"path": path, "size": len(text.encode())} for path, text in found.items()],
        "file": chosen,
        "text": found.get(chosen, ""),
    }


def definitions(values: Values) -> dict[str, Any]:
    """The kinds of resources that the chart defines."""
    return {"definitions": [asdict(each) for each in chart_facts.definitions(values["chart"].crds)]}


def dependencies(values: Values) -> dict[str, Any]:
    """The charts that it needs."""
    return _of_chart(values) | {"results": [asdict(each) for each in values["chart"].dependencies]}


def changelog(values: Values) -> dict[str, Any]:
    """What is new."""
    said: Chart = values["chart"]
    changes = [
        {"kind": each.kind, "text": each.text, "links": [{"name": name, "url": url} for url, name in each.links]}
        for each in said.changes
    ]
    return _of_chart(values) | {"changes": changes, "text": said.changelog}


def images(values: Values, named: Sequence[NamedImage], found: Mapping[str, Named]) -> dict[str, Any]:
    """The images that it names, and what was found of those that are here."""
    results = [
        {
            "reference": each.reference,
            "found_in": each.source.value,
            "place": each.place,
            "scan": _scan(found.get(each.reference)),
        }
        for each in named
    ]
    return _of_chart(values) | {"results": results}


def _scan(found: Named | None) -> dict[str, Any] | None:
    return scan_answers.of_image((found.digest, found.summary)) if found and found.summary else None
