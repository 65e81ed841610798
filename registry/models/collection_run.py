"""Passes of the collector and of the verification: when, how far, what they found, and who is at it."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class CollectionRun(models.Model):
    """One pass. Whoever works on it holds a lease (`token`, `leased_until`); when that ends, anybody may go on.

    `step` and `cursor` say where. `counts` are of what went (or would go, or is damaged), `sizes` the bytes that
    came free by the same kinds, `freed_bytes` those of all (or what was read). `walks_storage` if the storage is
    compared with the database too.
    """

    class Kind(models.TextChoices):
        """What the pass does."""

        COLLECT = "collect", _("collection")
        DRY = "dry", _("dry run")
        VERIFY = "verify", _("verification")

    class State(models.TextChoices):
        """How far it is; PARTIAL is done, with problems."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        PARTIAL = "partial", _("done, with problems")

    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_by = models.CharField(max_length=254, blank=True)
    grace_seconds = models.BigIntegerField(default=0)
    walks_storage = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    token = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    step = models.CharField(max_length=16, blank=True)
    cursor = models.CharField(max_length=255, blank=True)
    counts = models.JSONField(default=dict)
    sizes = models.JSONField(default=dict)
    freed_bytes = models.BigIntegerField(default=0)
    problems = models.JSONField(default=list)
    problem_count = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state__in=["waiting", "running"]), name="collection_run_open_once"
            )
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="collection_run_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def seconds(self) -> int | None:
        """How long it took, if it is over."""
        if self.started_at is None or self.finished_at is None:
            return None
        return round((self.finished_at - self.started_at).total_seconds())

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.state not in OPEN


State = CollectionRun.State
MOVES: Final[dict[State, frozenset[State]]] = {
    State.WAITING: frozenset({State.RUNNING}),
    State.RUNNING: frozenset({State.DONE, State.PARTIAL}),
    State.DONE: frozenset(),
    State.PARTIAL: frozenset(),
}
"""Which state may follow which."""
OPEN: Final = frozenset({State.WAITING, State.RUNNING})

if set(MOVES) != set(State) or not {State.WAITING}.union(*MOVES.values()) == set(State):
    raise TypeError("the table of moves leaves out a state")
