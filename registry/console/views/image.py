"""One image or chart of a repository, and two of them compared."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit.actions import Action
from registry.console import lifecycle_words, places
from registry.console.membership import Visitor, console_page, visitor_of
from registry.errors import InvalidDigest
from registry.image_pages import charts, comparison, images
from registry.image_pages.answers import manifest_file
from registry.lifecycle import explaining
from registry.values import Digest, parse_reference


@console_page
@require_safe
def image(
    request: HttpRequest, account_id: str, region: str, name: str, reference: str, section: str = ""
) -> HttpResponse:
    """A page of one image, by tag or digest; for a chart's tag, the chart's first page."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    context = places.of_repository(request, visitor, address, "images")
    context |= images.context(
        visitor.caller, address, parse_reference(reference), section or "overview", request.GET, _root(context)
    )
    if section == "manifest" and "download" in request.GET:
        return manifest_file(context)
    context |= _commands(request, context, reference) | _fate(visitor, context)
    seen_by = Action.DESCRIBE_IMAGES if context["is_public"] else Action.DESCRIBE_IMAGE_SCAN_FINDINGS
    context["shows_scans"] = context["image"].kind in {"image", "index"} and context["can"][seen_by]
    context["shows_reasons"] = True
    if section == "vulnerabilities":
        context["findings_url"] = f"{_root(context)}/images/{context['shown'].digest}/findings"
        if context["can"][Action.CREATE_FINDING_SUPPRESSION]:
            context["ignored_url"] = f"{context['base']}/{region}/registry/ignored"
    return render(request, "console/chart.html" if "chart" in context else "console/image.html", context)


@console_page
@require_safe
def chart(
    request: HttpRequest, account_id: str, region: str, name: str, reference: str, section: str = ""
) -> HttpResponse:
    """A page of one chart's version; the first one has the tag's address."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    context = places.of_repository(request, visitor, address, "images")
    if not section:
        return redirect(charts.url(_root(context), reference, request.GET.get("section", "")))
    context |= charts.context(visitor.caller, address, parse_reference(reference), section, request.GET, _root(context))
    return render(request, "console/chart.html", context | _commands(request, context, reference))


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def compare(
    request: HttpRequest, account_id: str, region: str, name: str, before: str = "", after: str = ""
) -> HttpResponse:
    """Two tags or digests beside each other; without them, a form that asks for two. A list posts what was ticked."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    context = places.of_repository(request, visitor, address, "images")
    root = _root(context)
    if request.method == "POST":
        return _compare_ticked(request, root)
    if before:
        context |= comparison.context(visitor.caller, address, before, after, request.GET, root)
        return render(request, "console/compare.html", context)
    question = comparison.question(request.GET)
    if question.is_answered:
        return redirect(f"{root}/compare/{question.before}...{question.after}")
    context |= comparison.form(visitor.caller, address, question, root)
    return render(request, "console/compare.html", context, status=400 if question.error else 200)


def _compare_ticked(request: HttpRequest, root: str) -> HttpResponse:
    """Lead to the comparison of two images of a list: from the lower one, which is the older one unless sorted anew."""
    try:
        ticked = [Digest.parse(text) for text in request.POST.getlist("digest")]
    except InvalidDigest:
        ticked = []
    if len(ticked) != 2:
        messages.error(request, _("Tick two images to compare them."))
        return redirect(f"{root}/images")
    after, before = ticked
    return redirect(f"{root}/compare/{before}...{after}")


def _fate(visitor: Visitor, context: dict[str, Any]) -> dict[str, Any]:
    """What the lifecycle policy means for the image, and why."""
    digest = context["image"].digest
    if context.get("section", "overview") != "overview" or context["is_public"]:
        return {}
    found = explaining.of_images(visitor.caller, context["find"](), [digest]).get(digest)
    return {"fate": lifecycle_words.action(found), "fate_why": lifecycle_words.why(found)} if found else {}


def _root(context: dict[str, Any]) -> str:
    """The address before `/images`, `/tags` and the like."""
    return f"{context['repository_url']}/-"


def _commands(request: HttpRequest, context: dict[str, Any], reference: str) -> dict[str, Any]:
    """How to pull the image, with the option that helm and oras need without https, and what the page calls it."""
    is_tag = ":" not in reference
    plain = "" if places.origin(request).startswith("https:") else " --plain-http"
    by_tag, by_digest = f"{context['uri']}:{reference}", f"{context['uri']}@{context['image'].digest}"
    match context["image"].kind:
        case "chart":
            version = reference.replace("_", "+")
            by_tag = f"helm install my-release oci://{context['uri']} --version {version}{plain}"
            by_digest = f"helm pull oci://{by_digest}{plain}"
        case "image" | "index":
            by_tag, by_digest = f"docker pull {by_tag}", f"docker pull {by_digest}"
        case _:
            by_tag, by_digest = f"oras pull{plain} {by_tag}", f"oras pull{plain} {by_digest}"
    return {
        "tag": reference if is_tag else "",
        "deeper": f":{reference}" if is_tag else f"@{reference[:19]}",
        "pull_by_tag": by_tag if is_tag else "",
        "pull_by_digest": by_digest,
        "show_people": True,
        "is_owner": True,
    }
