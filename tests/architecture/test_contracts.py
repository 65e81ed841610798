"""The tree keeps its own rules: import contracts, reserved names, one open door for each page."""

import subprocess
import sys
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from gallery.aliases import reserved, rules
from registry.core import aliases

PROJECT = Path(__file__).resolve().parent.parent.parent
PROTOCOLS = {"v2", "token", "healthz", "readyz", "static"}


def test_import_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def first_segments(patterns: list[URLPattern | URLResolver], before: str = "") -> set[str]:
    """The first words of all routes that begin with a word of ours."""
    found: set[str] = set()
    for pattern in patterns:
        path = before + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver) and not path:
            found |= first_segments(pattern.url_patterns, path)
        else:
            segment = path.split("/")[0].rstrip("$?").replace("\\", "")
            if segment and not segment.startswith("("):
                found.add(segment)
    return found


def test_no_account_can_have_a_name_that_a_page_has(db: None) -> None:
    segments = first_segments(get_resolver().url_patterns)
    assert {"console", "search", "sign-in", "admin", "staff"} <= segments
    names = {segment.replace("<section>", "any") for segment in segments | PROTOCOLS}
    possible = {name for name in names if rules.FORM.fullmatch(name)}
    assert {name for name in possible if not aliases.is_reserved(name) or reserved.find(name) is None} == set()
