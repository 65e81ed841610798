"""What the gallery knows of tags and images, in the shapes of its JSON API. What looks like a secret is dots."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from gallery.api import scan_answers
from registry.content.build_secrets import DOTS
from registry.content.image_configs import ImageConfig
from registry.core.browsing import PAGE, PlatformRow
from registry.core.image_details import Detail, Place
from registry.core.tag_pages import TagRow
from registry.image_pages import images
from registry.image_pages.layers import Row
from registry.manifests.parse import Descriptor
from registry.scanning.summaries import Summary

if TYPE_CHECKING:
    from registry.models import Image


def image(row: "Image") -> dict[str, Any]:
    """An image."""
    return {
        "digest": row.digest,
        "media_type": row.media_type,
        "artifact_type": row.artifact_type,
        "kind": row.kind,
        "platform": row.platform,
        "size": row.size,
        "pushed_at": row.pushed_at,
        "pull_count": row.pull_count,
    }


def tag(row: TagRow, summary: Summary | None) -> dict[str, Any]:
    """A tag in a list, and what scans say of its image."""
    return {
        "name": row.name,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "recent_pull_count": row.pulls,
        "image": image(row.image),
        "platforms": platforms(row.platforms),
        "same_image": row.same_image,
        "attached": row.attached,
        "is_immutable": row.is_immutable,
        "scan": scan_answers.summary(summary),
    }


def platforms(rows: Iterable[PlatformRow]) -> list[dict[str, Any]]:
    """What there is to pull."""
    return [asdict(row) for row in rows]


def detail(found: Detail, place: Place, content: bytes) -> dict[str, Any]:
    """One image with its manifest, which was checked to be JSON when it was pushed."""
    said = images.overview(found, place)
    subjects = [each for each in place.attached if each.subject_digest == found.image.digest]
    return image(found.image) | {
        "tags": found.tags,
        "platforms": platforms(found.platforms),
        "missing": [{"digest": each.digest, "platform": each.platform} for each in said["missing"]],
        "shown_digest": found.shown.digest,
        "description": str(found.facts.get("description", "")),
        "labels": [{"key": each.key, "text": each.text, "url": each.url} for each in said["labels"]],
        "base_name": said["base_name"],
        "base_digest": said["base_digest"],
        "built_at": str(found.facts.get("created", "")),
        "layer_count": said["layer_count"],
        "subject_digest": found.image.subject_digest,
        "part_of": [each.digest for each in place.parents],
        "replaces": place.replaces,
        "replaced_tag": place.replaced_tag,
        "manifest": _manifest(content),
        "referrers": [
            {
                "digest": each.digest,
                "media_type": each.media_type,
                "artifact_type": each.artifact_type,
                "size": each.manifest_size,
            }
            for each in subjects
        ],
    }


def _manifest(content: bytes) -> Any:
    """What a manifest says, numbers that are larger than any as texts; None if it is nested too deeply to be read."""
    try:
        return json.loads(content, parse_float=lambda text: value if isfinite(value := float(text)) else text)
    except RecursionError:
        return None


def attached(rows: Iterable["Image"]) -> dict[str, Any]:
    """What is attached to an image."""
    return {
        "most": PAGE,
        "results": [
            image(row) | {"subject_digest": row.subject_digest, "is_generated": row.is_generated} for row in rows
        ],
    }


def layers(values: dict[str, Any]) -> dict[str, Any]:
    """The layers that a page shows."""
    listed = values["layer_list"]
    return _shown(values) | {
        "history": listed.history,
        "total": listed.total,
        "results": [_layer(row) for row in listed.rows],
        "steps": [step.masked or step.command or step.comment for step in listed.steps],
    }


def _layer(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "digest": row.digest,
        "media_type": row.media_type,
        "size": row.size,
        "share": row.share,
        "other_repositories": row.elsewhere,
        "is_foreign": row.is_foreign,
        "command": row.masked or row.command,
        "has_secret": bool(row.masked),
        "created": row.created,
        "comment": row.comment,
    }


def config(values: dict[str, Any]) -> dict[str, Any]:
    """The config that a page shows."""
    said: ImageConfig = values["config"]
    return _shown(values) | {
        "descriptor": descriptor(values["config_descriptor"]) if values["config_descriptor"] else None,
        "os": said.os,
        "architecture": said.architecture,
        "variant": said.variant,
        "created": said.created,
        "author": said.author,
        "entrypoint": said.entrypoint,
        "command": said.command,
        "shell": said.shell,
        "working_dir": said.working_dir,
        "user": said.user,
        "runs_as_root": said.runs_as_root,
        "stop_signal": said.stop_signal,
        "ports": said.ports,
        "volumes": said.volumes,
        "on_build": [step.masked or step.command for step in said.on_build],
        "environment": [asdict(each) | ({"value": DOTS} if each.looks_secret else {}) for each in said.environment],
        "labels": said.labels,
        "health_check": asdict(said.health_check) if said.health_check else None,
    }


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    """Which image is shown, of an index for which platform, and what is in the way."""
    shown: Image = values["shown"]
    return {"digest": shown.digest, "platform": shown.platform, "problem": str(values["problem"])}


def descriptor(row: Descriptor) -> dict[str, Any]:
    """Some bytes of the registry."""
    return {"digest": str(row.digest), "media_type": row.media_type, "size": row.size}
