"""Webhooks of an account: the list, making and changing one, its secret, its deliveries."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.errors import AlreadyExists, InvalidInput, LimitReached
from registry.console import lists, places, shown_once
from registry.console.membership import Visitor, console_page, visitor_of
from registry.console.places import Can
from registry.console.shown_once import Secret
from registry.console.webhook_forms import REASONS
from registry.console.webhook_forms import Webhook as WebhookForm
from registry.notifications import event_types, webhooks
from registry.notifications.webhooks import State


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's webhooks, by name."""
    visitor = _visitor(request, account_id)
    rows = [(each, _kinds(each.webhook.event_types)) for each in webhooks.summaries(visitor.caller, account_id)]
    return render(request, "console/webhooks.html", _context(request, visitor) | {"rows": rows})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str) -> HttpResponse:
    """A new webhook; its secret is shown once, on a page of its own."""
    visitor = _visitor(request, account_id)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    context = _context(request, visitor)
    if form.is_bound and form.is_valid():
        fields = dict(form.cleaned_data)
        name = fields.pop("name")
        try:
            made, secret = webhooks.create(visitor.caller, account_id, name, fields)
        except InvalidInput as error:
            form.note(error)
        except AlreadyExists:
            form.add_error("name", _("There is one of this name already."))
        except LimitReached:
            form.add_error(None, _("An account may have %(most)s webhooks.") % {"most": webhooks.MOST})
        else:
            title = _("The webhook %(name)s is ready") % {"name": made.name}
            return _shown_once(request, account_id, made.name, secret, title)
    return render(request, "console/webhook_form.html", context | {"form": form}, status=422 if form.errors else 200)


@console_page
@require_safe
def detail(request: HttpRequest, account_id: str, webhook: str) -> HttpResponse:
    """A webhook and what was sent to it, newest first."""
    visitor = _visitor(request, account_id)
    row = webhooks.get(visitor.caller, account_id, webhook)
    state = request.GET.get("state", "")
    is_known = state in {"", *State.values}
    page = webhooks.deliveries(
        visitor.caller, account_id, webhook, state=state if is_known else "", **lists.cut_of(request)
    )
    context = _context(request, visitor, webhook) | {
        "webhook": row,
        "webhook_host": webhooks.host_of(row.url),
        "kinds": _kinds(row.event_types),
        "page": page,
        "states": State.choices,
        "state": state,
    }
    return render(request, "console/webhook.html", context, status=200 if is_known else 400)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, account_id: str, webhook: str) -> HttpResponse:
    """Change a webhook; its name stays."""
    visitor = _visitor(request, account_id)
    row = webhooks.get(visitor.caller, account_id, webhook)
    now = {name: getattr(row, name) for name in webhooks.SETTABLE}
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=now, has_name=False)
    if form.is_bound and form.is_valid():
        try:
            webhooks.update(visitor.caller, account_id, webhook, form.cleaned_data)
        except InvalidInput as error:
            form.note(error)
        else:
            messages.success(request, _("The webhook %(name)s is saved.") % {"name": webhook})
            return _to(account_id, webhook)
    context = _context(request, visitor, webhook) | {"form": form}
    if not context["can"]["UpdateWebhook"]:
        # The address may hold a key of the receiver's: who may not change it does not see it.
        return _to(account_id, webhook)
    return render(request, "console/webhook_form.html", context, status=422 if form.errors else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def secret(request: HttpRequest, account_id: str, webhook: str) -> HttpResponse:
    """Say what another secret means; then make and show it, once."""
    visitor = _visitor(request, account_id)
    row = webhooks.get(visitor.caller, account_id, webhook)
    context = _context(request, visitor, webhook) | {"webhook": row, "was": webhooks.secret_mark(row)}
    if request.method == "POST":
        try:
            made = webhooks.rotate(visitor.caller, account_id, webhook, was=request.POST.get("was", ""))
        except AlreadyExists:
            messages.error(request, _("The secret can't be shown again."))
            return _to(account_id, webhook)
        title = _("The webhook %(name)s has a new secret") % {"name": webhook}
        return _shown_once(request, account_id, webhook, made, title)
    return render(request, "console/webhook_rotate.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, webhook: str) -> HttpResponse:
    """Say what goes with a webhook, then remove it."""
    visitor = _visitor(request, account_id)
    row = webhooks.get(visitor.caller, account_id, webhook)
    if request.method == "POST":
        webhooks.delete(visitor.caller, account_id, webhook)
        messages.success(request, _("The webhook %(name)s is deleted.") % {"name": webhook})
        return redirect("console_webhooks", account_id=account_id)
    page = webhooks.deliveries(visitor.caller, account_id, webhook, limit=1)
    context = _context(request, visitor, webhook) | {"webhook": row, "count": page.total}
    return render(request, "console/delete_webhook.html", context)


@console_page
@require_POST
def resume(request: HttpRequest, account_id: str, webhook: str) -> HttpResponse:
    """Send to it again."""
    webhooks.resume(_visitor(request, account_id).caller, account_id, webhook)
    messages.success(request, _("The webhook is resumed. What was held back is sent first."))
    return _to(account_id, webhook)


@console_page
@require_POST
def send_test(request: HttpRequest, account_id: str, webhook: str) -> HttpResponse:
    """Send an event that says nothing, and show what comes of it."""
    made = webhooks.send_test(_visitor(request, account_id).caller, account_id, webhook)
    return redirect("console_webhook_delivery", account_id=account_id, webhook=webhook, delivery_id=made.id)


@console_page
@require_safe
def delivery(request: HttpRequest, account_id: str, webhook: str, delivery_id: str) -> HttpResponse:
    """All that is known of one delivery."""
    visitor = _visitor(request, account_id)
    row = webhooks.get(visitor.caller, account_id, webhook)
    found = webhooks.delivery(visitor.caller, account_id, webhook, delivery_id)
    context = _context(request, visitor, webhook) | {
        "webhook": row,
        "delivery": found,
        "reason": REASONS.get(found.error, found.error),
        "is_over": found.state in {State.DELIVERED, State.FAILED},
    }
    return render(request, "console/webhook_delivery.html", context)


@console_page
@require_POST
def redeliver(request: HttpRequest, account_id: str, webhook: str, delivery_id: str) -> HttpResponse:
    """Send it once more."""
    made = webhooks.redeliver(_visitor(request, account_id).caller, account_id, webhook, delivery_id)
    return redirect("console_webhook_delivery", account_id=account_id, webhook=webhook, delivery_id=made.id)


def _visitor(request: HttpRequest, account_id: str) -> Visitor:
    return visitor_of(request, account_id, settings.HOME_REGION)


def _context(request: HttpRequest, visitor: Visitor, name: str = "") -> dict[str, Any]:
    """Context of a page; `can.UpdateWebhook` answers about the webhook, or about all of the account's."""
    base = places.of_account(request, visitor, "webhooks")
    account_id = visitor.account.id
    return base | {
        "name": name,
        "webhooks_url": f"{base['base']}/webhooks",
        "webhook_url": f"{base['base']}/webhooks/{name}",
        "can": Can(lambda action: webhooks.may(visitor.caller, account_id, name or "*", action)),
    }


def _kinds(chosen: list[str]) -> list[Any]:
    """The words for kinds of events, in their order."""
    return [words for kind, words in event_types.NAMES.items() if kind in chosen]


def _shown_once(request: HttpRequest, account_id: str, webhook: str, secret: str, title: str) -> HttpResponse:
    shown = Secret(
        title=title,
        lines=[(_("Your receiver checks with it that events come from here, as Standard Webhooks says"), secret)],
        done=reverse("console_webhook", kwargs={"account_id": account_id, "webhook": webhook}),
        section="webhooks",
        columns={"webhook": webhook, "secret": secret},
        filename="kho-webhook.csv",
    )
    return shown_once.lead_to(request, account_id, shown)


def _to(account_id: str, webhook: str) -> HttpResponse:
    return redirect("console_webhook", account_id=account_id, webhook=webhook)
