"""What publishers ask for: a name of their own, and how the asking went."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Account, Person


class AliasRequest(models.Model):
    """An account asks for an alias. `number` counts the requests for one name, whoever asked."""

    class State(models.TextChoices):
        """How far it is."""

        REQUESTED = "requested", pgettext_lazy("alias request", "waiting")
        ASKED = "asked", pgettext_lazy("alias request", "question asked")
        APPROVED = "approved", pgettext_lazy("alias request", "approved")
        REJECTED = "rejected", pgettext_lazy("alias request", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("alias request", "withdrawn")
        RELEASED = "released", pgettext_lazy("alias request", "released")

    class Flag(models.TextChoices):
        """What the first check found, for staff to look at."""

        RESERVED = "reserved", _("near a reserved name")
        BRAND = "brand", _("names a brand")
        NEW_ACCOUNT = "new-account", _("new account")
        SIMILAR = "similar", _("like an existing alias")
        CONTESTED = "contested", _("asked for by another account too")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="alias_requests")
    alias = models.CharField(max_length=50)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.TextField(max_length=2000)
    website = models.URLField(max_length=500)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="alias_requests")
    asked_by = models.CharField(max_length=254, help_text=_("mail address of the person, or the principal"))
    requested_at = models.DateTimeField(default=timezone.now, editable=False)
    waiting_since = models.DateTimeField(default=timezone.now, help_text=_("the last word of the publisher"))
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=254, blank=True)
    note = models.TextField(blank=True, help_text=_("what the publisher was told with the decision"))
    revision = models.PositiveIntegerField(default=0, help_text=_("a form of an older one is stale"))
    flags = models.JSONField(default=list, blank=True)
    similar = models.JSONField(default=list, blank=True, help_text=_("names that are near"))
    checked_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alias", "number"], name="alias_request_number_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state__in=["requested", "asked"]), name="alias_request_one_pending"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "requested_at", "id"], name="alias_request_queue"),
            models.Index(fields=["account", "-requested_at"], name="alias_request_by_account"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} #{self.number}"


class AliasRequestEvent(models.Model):
    """One step of a request: its state from then on, who took it, and what they wrote."""

    request = models.ForeignKey(AliasRequest, on_delete=models.CASCADE, related_name="events")
    state = models.CharField(max_length=10, choices=AliasRequest.State)
    at = models.DateTimeField(default=timezone.now, editable=False)
    by = models.CharField(max_length=254)
    is_staff = models.BooleanField(default=False)
    text = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["request", "at", "id"], name="alias_request_history")]

    def __str__(self) -> str:
        return f"{self.request_id}: {self.state}"


State = AliasRequest.State

MOVES: Final[dict[AliasRequest.State, frozenset[AliasRequest.State]]] = {
    State.REQUESTED: frozenset({State.ASKED, State.APPROVED, State.REJECTED, State.WITHDRAWN}),
    State.ASKED: frozenset({State.REQUESTED, State.APPROVED, State.REJECTED, State.WITHDRAWN}),
    State.APPROVED: frozenset({State.RELEASED}),
    State.REJECTED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.RELEASED: frozenset({State.APPROVED}),
}
"""State -> states that may follow: a question is answered, a released name may be taken back while it is held."""

PENDING: Final = (State.REQUESTED, State.ASKED)
"""The states in which the publisher waits for the staff, or the staff for the publisher."""


def check_moves() -> None:
    """ValueError unless the table names every state, and every state can be reached from the first one."""
    if set(MOVES) != set(State):
        raise ValueError("MOVES must name every state of an alias request")
    reached, todo = {State.REQUESTED}, [State.REQUESTED]
    while todo:
        new = MOVES[todo.pop()] - reached
        reached |= new
        todo += new
    if reached != set(State):
        raise ValueError(f"no move leads to {sorted(set(State) - reached)}")


check_moves()
