"""Long jobs that people start: what is to be done with which things, how far it is, and what went wrong."""

import uuid
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Membership


class WorkItem(models.Model):
    """A job on many things of one registry. It acts with the rights of a membership, as its person would.

    `kind` is a key of settings.WORK_KINDS, `subject` what it is about (a repository, or empty), `params` are its own.
    """

    class State(models.TextChoices):
        """How far it is; PARTIAL is done with failures."""

        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARTIAL = "partial", _("done, with failures")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="work_items")
    region = models.CharField(max_length=32)
    kind = models.CharField(max_length=32)
    subject = models.CharField(max_length=256, blank=True)
    params = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.QUEUED)
    total = models.IntegerField(default=0)
    done = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    membership = models.ForeignKey(Membership, on_delete=models.SET_NULL, null=True, related_name="+")
    source_ip = models.CharField(max_length=45, blank=True)
    is_secure = models.BooleanField(default=False, db_default=False, help_text=_("it was asked for by https"))
    created_by = models.CharField(max_length=512, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["account", "-created_at", "-id"], name="work_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens unless somebody asks for it."""
        return self.state not in OPEN

    @property
    def worked(self) -> int:
        """How many things were taken up."""
        return self.done + self.failed


State = WorkItem.State
MOVES: Final[dict[State, frozenset[State]]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
    State.RUNNING: frozenset({State.DONE, State.PARTIAL, State.CANCELLED}),
    State.DONE: frozenset(),
    State.PARTIAL: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset(),
}
"""Which state may follow which; a retry of what failed queues the item again."""
OPEN: Final = frozenset({State.QUEUED, State.RUNNING})

if set(MOVES) != set(State) or not {State.QUEUED}.union(*MOVES.values()) == set(State):
    raise TypeError("the table of moves leaves out a state")


class WorkTarget(models.Model):
    """One thing that a work item has to do, and why it could not."""

    class State(models.TextChoices):
        """Whether it was taken up."""

        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    item = models.ForeignKey(WorkItem, on_delete=models.CASCADE, related_name="targets")
    name = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    error = models.CharField(max_length=64, blank=True, help_text=_("the name of what hindered it"))

    class Meta:
        indexes = [models.Index(fields=["item", "state", "id"], name="work_target_next")]

    def __str__(self) -> str:
        return self.name
