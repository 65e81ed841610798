"""What differs between two images or charts, in the shapes of the JSON API, made of what the page is made of."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gallery.api import scan_answers
from gallery.api.image_answers import descriptor, image
from registry.content.build_secrets import DOTS
from registry.content.differences import Difference
from registry.image_pages.comparison import Change, Layers


def comparison(values: Mapping[str, Any]) -> dict[str, Any]:
    """Two images beside each other."""
    layers = values.get("layers")
    return {
        "before": image(values["old"].shown),
        "after": image(values["new"].shown),
        "platform": values["platform"],
        "platforms": values["platforms"],
        "is_same": values["is_same"],
        "size_change": values["size_change"],
        "problem": str(values.get("problem", "")),
        "layers": _layers(layers) if layers else None,
        "changes": [_change(each) for each in values.get("changes", ())],
        "scans": scan_answers.comparison(values["scans"]) if values.get("scans") else None,
        "chart": _chart(values) if "templates" in values else None,
    }


def _layers(found: Layers) -> dict[str, Any]:
    return {
        "shared": found.shared,
        "shared_size": found.shared_size,
        "removed": [descriptor(each) for each in found.removed],
        "added": [descriptor(each) for each in found.added],
    }


def _change(found: Change) -> dict[str, Any]:
    before, after = (DOTS if found.is_secret and text else text for text in (found.before, found.after))
    return {
        "field": found.field,
        "name": found.name,
        "kind": found.kind,
        "before": before,
        "after": after,
        "is_secret": found.is_secret,
    }


def _chart(values: Mapping[str, Any]) -> dict[str, Any]:
    templates = [
        {"path": each.path, "kind": each.kind, "difference": _difference(each.difference)}
        for each in values["templates"]
    ]
    return {
        "values": _difference(values["values"]),
        "schema": _difference(values["schema"]),
        "templates": templates,
        "images_added": values["images_added"],
        "images_removed": values["images_removed"],
    }


def _difference(found: Difference) -> dict[str, Any]:
    return asdict(found)
