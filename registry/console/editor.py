"""The editor of policies that the pages of repositories, principals and policies share."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest

from accounts.errors import LimitReached, MalformedPolicy
from accounts.iam import document
from accounts.iam.document import LIMITS, Kind, Problem
from accounts.iam.reader import Reader, Unreadable
from registry.content import differences
from registry.errors import InvalidPolicy

MOST_DIFF_LINES: Final = 400


@dataclass(slots=True)
class Draft:
    """A text in the editor beside the one in force; `step` is the button that was pressed."""

    kind: Kind
    saved: str
    text: str
    step: str = ""
    limit: int = 0
    problems: tuple[Problem, ...] = ()
    error: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> list[Problem]:
        """What keeps the text from being saved."""
        return [each for each in self.problems if not each.is_warning]

    @property
    def failed(self) -> bool:
        """Whether the answer to a POST is an error."""
        return bool(self.step) and bool(self.errors or self.error)

    def check(self) -> None:
        """Note what is wrong or risky in the text."""
        self.problems = document.check(self.text, self.kind)

    def save(self, put: Callable[[str], object]) -> bool:
        """Save the text; False, with the problems noted, if it is no policy."""
        try:
            put(self.text)
        except (MalformedPolicy, InvalidPolicy) as error:
            self.problems = tuple(error.problems)
        except LimitReached as error:
            self.error = str(error)
        else:
            return True
        return False

    def context(self) -> dict[str, Any]:
        """What `components/policy_editor.html` shows."""
        problems = self.problems or document.check(self.text, self.kind) if self.text.strip() else self.problems
        return {
            "text": self.text,
            "saved": self.saved,
            "errors": [each for each in problems if not each.is_warning] if self.step else [],
            "warnings": [each for each in problems if each.is_warning],
            "editor_error": self.error,
            "is_sound": self.step == "check" and not problems and not self.error,
            "changes": changes(self.saved, self.text) if self.step else [],
            "limit": self.limit or LIMITS[self.kind],
            "rows": max(12, min(30, self.text.count("\n") + 3)),
            "step": self.step,
        }


def draft(request: HttpRequest, kind: Kind, saved: str, *, start: str = "", limit: int = 0) -> Draft:
    """Read the editor's fields; at a GET the text is the one in force, or one to start with."""
    if request.method != "POST":
        return Draft(kind, saved, saved or start, limit=limit)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    step = request.POST.get("step", "save")
    return Draft(kind, saved, formatted(text) if step == "format" else text, step, limit)


def formatted(text: str) -> str:
    """The same JSON, indented; as it is if it can't be read."""
    try:
        return json.dumps(Reader(text).read(), indent=2, ensure_ascii=False)
    except Unreadable:
        return text


def changes(saved: str, text: str) -> list[differences.Line]:
    """The lines that saving would change, with two lines around each; empty if nothing is in force, or changes."""
    return differences.of_texts(saved, text, around=2).lines[:MOST_DIFF_LINES] if saved else []
