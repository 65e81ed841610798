"""The way of a resource policy from the editor into force, for repositories and registries alike.

A text is checked; one that takes the place of another is shown beside it with who loses access, and only a second step
puts it in force. What others put in force meanwhile is not overwritten unseen.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest

from accounts.iam.document import Kind
from registry.console import editor, policy_words
from registry.console.editor import Draft

SAVED, REMOVED, STAYS = "saved", "removed", "stays"
PUT: Final = ("save", "confirm")


@dataclass(slots=True)
class Flow:
    """One policy in the editor: how to put and remove it, and who it matters to.

    `allow` raises for who may not put one, `locks_out` tells whether who puts a text could not put another one, and
    `loses` names who would lose what by it.
    """

    request: HttpRequest
    kind: Kind
    saved: str
    start: str
    allow: Callable[[], object]
    put: Callable[[str], object]
    remove: Callable[[], object]
    locks_out: Callable[[str], bool]
    loses: Callable[[str], Sequence[Any]]
    draft: Draft = field(init=False)
    needs: dict[str, bool] = field(default_factory=dict)
    status: int = 200

    def run(self) -> str:
        """Do what was asked for; SAVED, REMOVED, or STAYS if the page is shown (again)."""
        self.draft = editor.draft(self.request, self.kind, self.saved, start=self.start)
        step, text = self.draft.step, self.draft.text
        if step in PUT:
            self.allow()
        if step == "remove" or (step in PUT and not text.strip()):
            if self._is_stale():
                return STAYS
            if self.saved:
                self.remove()
            return REMOVED
        if step not in PUT or self._is_stale() or self._is_wrong() or self._waits_for_a_tick():
            return STAYS
        if step == "save" and self.saved and text != self.saved:
            self.needs["review"] = True
            return STAYS
        if self.draft.save(self.put):
            return SAVED
        self.status = 422
        return STAYS

    def _is_stale(self) -> bool:
        """Whether another policy is in force than when the page was opened."""
        seen = self.request.POST.get("seen")
        self.needs["compare"] = seen is not None and seen != fingerprint(self.saved)
        if self.needs["compare"]:
            self.status = 409
        return self.needs["compare"]

    def _is_wrong(self) -> bool:
        self.draft.check()
        if self.draft.errors:
            self.status = 422
        return bool(self.draft.errors)

    def _waits_for_a_tick(self) -> bool:
        """Whether what is risky has not been allowed yet."""
        given = self.request.POST
        self.needs["public"] = policy_words.is_open(self.draft.text) and "public" not in given
        self.needs["force"] = self.locks_out(self.draft.text) and "force" not in given
        if self.needs["public"] or self.needs["force"]:
            self.status = 422
            return True
        return False

    def context(self) -> dict[str, Any]:
        """What the page of a policy shows of the editor."""
        text = self.draft.text
        is_risky = self.draft.step in PUT
        return self.draft.context() | {
            "cards": policy_words.cards(self.saved),
            "seen": fingerprint(self.saved),
            "needs": self.needs,
            "locks_out": is_risky and self.needs.get("force", False),
            "shows_public": is_risky and policy_words.is_open(text),
            "shows_force": is_risky and not self.draft.errors and bool(text.strip()) and self.locks_out(text),
            "loses": self.loses(text) if self.needs.get("review") else [],
        }


def fingerprint(text: str) -> str:
    """A short name of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
