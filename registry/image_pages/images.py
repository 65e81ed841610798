"""The pages of an image: overview, layers, config, manifest, vulnerabilities, packages, and what is attached to it."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from accounts.caller import Caller
from registry.content import image_configs
from registry.content.readable import web_link
from registry.core import image_details
from registry.core.browsing import PAGE
from registry.core.image_details import Detail, Place
from registry.image_pages import charts, contents, labels, layers, manifests, packages, vulnerabilities
from registry.manifests import media_types
from registry.scanning import summaries
from registry.values import Address, Digest, ImageTag, Reference

BASE_NAME: Final = "org.opencontainers.image.base.name"
BASE_DIGEST: Final = "org.opencontainers.image.base.digest"


def context(
    caller: Caller, address: Address, reference: Reference, section: str, query: Mapping[str, str], root: str
) -> dict[str, Any]:
    """Return what a page shows; `root` is the address before `/images` and `/tags`.

    The first page of a chart's tag is the chart's. Raises ImageNotFound, AccessDenied.
    """
    detail, values = BUILDERS[section](caller, address, reference, query, root)
    platform = query.get("platform", "")
    return {
        "section": section,
        "root": root,
        "detail": detail,
        "image": detail.image,
        "shown": detail.shown,
        "platform": detail.shown.platform,
        "platform_query": f"?{urlencode({'platform': platform})}" if platform else "",
        "page_url": f"{root}/images/{detail.image.digest}",
        "images_url": f"{root}/images",
        "is_index": detail.shown != detail.image,
        **values,
    }


Built = tuple[Detail, dict[str, Any]]


def _overview(caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str) -> Built:
    detail, place = image_details.get_with_place(caller, address, reference, platform=query.get("platform", ""))
    if detail.image.kind == "chart" and isinstance(reference, ImageTag):
        return detail, charts.of_chart(caller, address, detail, place, "readme", query)
    found = summaries.of_image(detail.shown)
    return detail, overview(detail, place) | {"summaries": {detail.shown.digest: found} if found else {}}


def overview(detail: Detail, place: Place) -> dict[str, Any]:
    """Return what an image says of itself, and where it stands."""
    said = {**detail.facts.get("labels", {}), **detail.image.annotations}
    base = said.get(BASE_NAME) or detail.shown.annotations.get(BASE_NAME, "")
    parsed = image_details.manifest_of(detail.shown)
    return {
        "around": place,
        "parsed": parsed,
        "labels": labels.known(said | _facts_as_labels(detail)),
        "base_name": base,
        "base_digest": said.get(BASE_DIGEST) or detail.shown.annotations.get(BASE_DIGEST, ""),
        "missing": [child for child in detail.children if child.size is None],
        "layer_count": len(parsed.layers) if parsed else 0,
        "home": web_link(detail.facts.get("url")),
    }


def _facts_as_labels(detail: Detail) -> dict[str, str]:
    """What was read when the image was pushed, under the names of labels."""
    names = {"licenses": "licenses", "source": "source", "version": "version"}
    facts = detail.facts
    return {f"{labels.PREFIX}{name}": facts[fact] for fact, name in names.items() if facts.get(fact)}


def _layers(caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str) -> Built:
    detail, parsed, sharing = image_details.get_with_layers(
        caller, address, reference, platform=query.get("platform", "")
    )
    text = contents.config(caller, address, parsed)
    by_size = query.get("sort") == "size"
    made = layers.listing(parsed, text.config, sharing, by_size=by_size)
    return detail, {"layer_list": made, "by_size": by_size, "problem": text.problem, "has_manifest": parsed is not None}


def _config(caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str) -> Built:
    detail = image_details.get(caller, address, reference, platform=query.get("platform", ""))
    parsed = image_details.manifest_of(detail.shown)
    text = contents.config(caller, address, parsed)
    return detail, {
        "config": text.config,
        "config_descriptor": parsed.config if parsed else None,
        "is_image_config": bool(parsed and parsed.config and parsed.config.media_type in media_types.IMAGE_CONFIGS),
        "problem": text.problem,
        "raw": image_configs.indented(text.content) if text.content else "",
    }


def _manifest(caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str) -> Built:
    detail = image_details.get(caller, address, reference, platform=query.get("platform", ""))
    image = detail.shown if query.get("platform") else detail.image
    content = image_details.manifest(caller, address, Digest.parse(image.digest))
    parsed = image_details.manifest_of(image)
    missing = manifests.missing(detail.children)
    urls = manifests.urls(detail, parsed, f"{root}/images", f"{root}/images/{image.digest}")
    indented = query.get("form") == "indented"
    return detail, {
        "lines": manifests.lines(content, urls, missing, indented=indented),
        "indented": indented,
        "is_one_line": manifests.is_one_line(content),
        "manifest_of": image,
        "missing": missing,
        "content": content,
    }


def _vulnerabilities(
    caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str
) -> Built:
    detail = image_details.get(caller, address, reference, platform=query.get("platform", ""))
    return detail, vulnerabilities.context(caller, address, detail, query)


def _sbom(caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str) -> Built:
    detail, attached = image_details.get_with_attached(caller, address, reference, platform=query.get("platform", ""))
    return detail, packages.context(caller, address, detail, attached, query)


def _referrers(caller: Caller, address: Address, reference: Reference, query: Mapping[str, str], root: str) -> Built:
    detail, attached = image_details.get_with_attached(caller, address, reference, platform=query.get("platform", ""))
    return detail, {"attached": attached, "most": PAGE}


BUILDERS: Final[Mapping[str, Callable[[Caller, Address, Reference, Mapping[str, str], str], Built]]] = {
    "overview": _overview,
    "layers": _layers,
    "config": _config,
    "manifest": _manifest,
    "referrers": _referrers,
    "vulnerabilities": _vulnerabilities,
    "sbom": _sbom,
}
