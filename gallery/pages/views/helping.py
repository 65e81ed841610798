"""Help: how to start, examples, words, and the reference of components."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from gallery.models import Listing
from gallery.pages import glossary, topics
from gallery.pages.context import host
from gallery.search import query
from registry.console.views.accounts import LAST_ACCOUNT
from registry.core import addresses
from registry.values import RegistryId

USE_POLICY = "use-policy"
EXAMPLE_ACCOUNT = "123456789012"
EXAMPLE_IMAGE = "acme/hello:1.0"
EXAMPLE_CHART = "acme/charts/hello:1.0.0"


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All topics."""
    return render(request, "help/index.html", {"topics": topics.TOPICS})


@require_safe
def topic(request: HttpRequest, topic: str) -> HttpResponse:
    """One topic, with the names of this host and of the account that the reader used last."""
    if topic not in topics.TOPICS:
        raise Http404(topic)
    if topic == USE_POLICY and request.path != settings.USE_POLICY_URL:
        return redirect(settings.USE_POLICY_URL)
    place = _place(request)
    title, summary = topics.TOPICS[topic]
    values = {
        "topics": topics.TOPICS,
        "topic": topic,
        "topic_title": title,
        "summary": summary,
        "place": place,
        "commands": place.commands(),
        "policies": place.policies(),
        "lifecycle": topics.lifecycle(),
        "terms": glossary.TERMS,
    }
    return render(request, f"help/{topic}.html", values)


def _examples() -> tuple[str, str]:
    """An image and a chart that can be pulled here as they are written; before there are, names that look like them."""
    found = {
        row.kind: f"{row.alias}/{row.name}:{row.newest_tag}" for row in reversed(query.popular()) if row.newest_tag
    }
    return found.get(Listing.Kind.IMAGE, EXAMPLE_IMAGE), found.get(Listing.Kind.CHART, EXAMPLE_CHART)


def _place(request: HttpRequest) -> topics.Place:
    """Where this reader's clients go."""
    account = str(request.session.get(LAST_ACCOUNT, EXAMPLE_ACCOUNT))
    client_host = addresses.client_host(request.get_host())
    origin = settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    image, chart = _examples()
    return topics.Place(
        host=host(request),
        image=image,
        chart=chart,
        private_host=addresses.registry_host(RegistryId(account, settings.HOME_REGION), client_host),
        origin=origin,
        account=account,
        region=settings.HOME_REGION,
        is_plain=origin.startswith("http://"),
    )
