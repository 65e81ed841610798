"""How bad an advisory says that it is: CVSS vectors (FIRST, versions 2 to 4), or the words of who wrote it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cvss import CVSS2, CVSS3, CVSS4, CVSSError

CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNDEFINED = LEVELS = (
    "CRITICAL",
    "HIGH",
    "MEDIUM",
    "LOW",
    "INFORMATIONAL",
    "UNDEFINED",
)
"""As ECR names them, the worst first."""
RANKS: Final[Mapping[str, int]] = {level: rank for rank, level in enumerate(LEVELS)}
WORDS: Final[Mapping[str, str]] = {
    "critical": CRITICAL,
    "important": HIGH,
    "high": HIGH,
    "moderate": MEDIUM,
    "medium": MEDIUM,
    "low": LOW,
    "negligible": INFORMATIONAL,
    "unimportant": INFORMATIONAL,
    "none": INFORMATIONAL,
}
"""What writers of advisories say -> ECR's word for it."""
KINDS: Final[Mapping[str, type[Any]]] = {"CVSS_V4": CVSS4, "CVSS_V3": CVSS3, "CVSS_V2": CVSS2}
"""The newest first: its score is the one that counts."""
MOST_VECTORS: Final = 10


@dataclass(frozen=True, slots=True)
class Score:
    """A CVSS vector and its base score; `kind` as OSV names it, `version` as in the vector."""

    kind: str
    version: str
    vector: str
    score: float

    @property
    def level(self) -> str:
        """The word for the score, as CVSS 3 and 4 have it."""
        for least, level in ((9.0, CRITICAL), (7.0, HIGH), (4.0, MEDIUM), (0.1, LOW)):
            if self.score >= least:
                return level
        return INFORMATIONAL


def scores(said: Iterable[Any]) -> list[Score]:
    """Read a list of OSV's `severity`, the newest kind of CVSS first; what is no vector is left out."""
    found = []
    for each in said:
        kind = each.get("type") if isinstance(each, dict) else None
        vector = each.get("score") if kind in KINDS else None
        if isinstance(vector, str) and (score := _score(str(kind), vector)):
            found.append(score)
    order = list(KINDS)
    return sorted(found, key=lambda score: order.index(score.kind))[:MOST_VECTORS]


def _score(kind: str, vector: str) -> Score | None:
    try:
        read = KINDS[kind](vector)
    except CVSSError:
        return None
    version = "2.0" if kind == "CVSS_V2" else vector.partition("/")[0].removeprefix("CVSS:")
    return Score(kind, version, vector, float(read.base_score))


def level_of(found: Iterable[Score], words: Iterable[str]) -> str:
    """The level by the first score; without one by the first word that is known."""
    for score in found:
        return score.level
    for word in words:
        if level := WORDS.get(word.strip().lower()):
            return level
    return UNDEFINED
