"""What a lifecycle policy does to the images of a repository, image by image and why. Pure: facts in, decisions out.

Amazon ECR User Guide, "Lifecycle policy evaluation": all rules look at all images, then one of them at most acts on
each image. The first rule (by priority) that selects an image by its tags and class is the only one that may act on it
and so shields it from all behind it, whether it acts or not; yet those count the image as if nothing had been marked.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import Final

from registry.lifecycle.grammar import (
    ARCHIVE,
    COUNT_MORE_THAN,
    EXPIRE,
    RETAIN,
    SINCE_PULLED,
    SINCE_TAGGED,
    SINCE_TRANSITIONED,
    STANDARD,
    TAGGED,
    TRANSITION,
    UNTAGGED,
    Rule,
)

DAY: Final = 86_400
KEEP: Final = ""
"""The action of a decision that leaves the image alone."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """An image as far as policies look at it. `children` and `subject` are digests; times are aware.

    `pulled_at` is None if it was never pulled, `tagged_at` if it has no tag (else: when the last of its tags came to
    it), `transitioned_at` if it was never archived, `activated_at` if it was never restored.
    """

    digest: str
    pushed_at: datetime
    tags: tuple[str, ...] = ()
    storage_class: str = STANDARD
    pulled_at: datetime | None = None
    tagged_at: datetime | None = None
    transitioned_at: datetime | None = None
    activated_at: datetime | None = None
    children: tuple[str, ...] = ()
    subject: str = ""


class Why(StrEnum):
    """Why an image is kept, or goes."""

    NO_RULE = "no rule"
    NEWEST = "newest"
    RECENT = "recent"
    RETAINED = "retained"
    NAMED = "named by an index"
    ATTACHED = "attached to an image"
    BY_RULE = "by rule"
    WITH_SUBJECT = "with its subject"


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an image, by which rule (its priority, 0 for none), and why.

    `shielded_from` is the rule of lower priority that would have acted but for this one (0: none). `other` is the
    digest of the index or subject that the reason is about; `due` when the rule's time is up; `rank` which newest image
    of the rule's it is, counted from 1.
    """

    digest: str
    action: str
    rule: int
    why: Why
    shielded_from: int = 0
    other: str = ""
    due: datetime | None = None
    rank: int = 0


def evaluate(images: Iterable[ImageFacts], rules: Iterable[Rule], now: datetime) -> list[Decision]:
    """Decide about all images of a repository, in their order. Digests are told apart; the order of both is free."""
    return _Evaluation(list(images), sorted(rules, key=lambda rule: rule.priority), now).decisions()


def selects(rule: Rule) -> Callable[[ImageFacts], bool]:
    """Return whether a rule is for an image: by its tags and its class, whatever its age."""
    patterns = [_starts(prefix) for prefix in rule.prefixes] + [_pattern(text) for text in rule.patterns]
    storage_class, status = rule.storage_class, rule.tag_status

    def test(image: ImageFacts) -> bool:
        if image.storage_class != storage_class or (status == UNTAGGED and image.tags):
            return False
        return status != TAGGED or all(any(map(pattern, image.tags)) for pattern in patterns)

    return test


def _starts(prefix: str) -> Callable[[str], bool]:
    return lambda tag: tag.startswith(prefix)


def _pattern(text: str) -> Callable[[str], bool]:
    """A test of tags against a text whose every `*` stands for any characters; never slower than the tag is long."""
    first, *rest = text.split("*")
    if not rest:
        return lambda tag: tag == text
    *middle, last = rest

    def test(tag: str) -> bool:
        if not tag.startswith(first):
            return False
        position = len(first)
        for piece in middle:
            found = tag.find(piece, position)
            if found < 0:
                return False
            position = found + len(piece)
        return tag.endswith(last) and len(tag) - len(last) >= position

    return test


def moment(rule: Rule, image: ImageFacts) -> datetime | None:
    """From when on a rule counts an image's age; None if for this rule it has none yet.

    A restored image counts from its restoration, if nothing later did happen to it. One that is in the archive all the
    same was deleted there and put back.
    """
    start: datetime | None
    match rule.count_type:
        case count if count == SINCE_TRANSITIONED:
            start = image.transitioned_at
        case count if count == SINCE_PULLED:
            start = image.pulled_at or image.pushed_at
        case count if count == SINCE_TAGGED:
            start = max(image.pushed_at, image.tagged_at or image.pushed_at)
        case _:
            start = image.pushed_at
    return start and max(start, image.activated_at or start)


class _Evaluation:
    """One pass over the images; they and the rules are named by their place."""

    def __init__(self, images: list[ImageFacts], rules: Sequence[Rule], now: datetime) -> None:
        self._images, self._rules, self._now = images, rules, now
        self._places = {image.digest: place for place, image in enumerate(images)}
        self._subjects = self._attached()
        self._followers: dict[int, list[int]] = {}
        for place, subject in self._subjects.items():
            self._followers.setdefault(subject, []).append(place)
        self._parents: dict[int, list[int]] = {}
        for place, image in enumerate(images):
            for child in self._children(image):
                if child != place:
                    self._parents.setdefault(child, []).append(place)
        self._decisions: list[Decision | None] = [None] * len(images)

    def decisions(self) -> list[Decision]:
        for rule in self._rules:
            self._apply(rule)
        for place, image in enumerate(self._images):
            if place in self._subjects:
                subject = self._images[self._subjects[place]].digest
                self._decisions[place] = Decision(image.digest, KEEP, 0, Why.ATTACHED, other=subject)
            elif self._decisions[place] is None:
                self._decisions[place] = Decision(image.digest, KEEP, 0, Why.NO_RULE)
        self._take_along()
        self._hold_back()
        return [decision for decision in self._decisions if decision is not None]

    def _children(self, image: ImageFacts) -> Iterable[int]:
        """The places of those images that an index names, each once; what is missing is left out."""
        return {self._places[digest] for digest in image.children if digest in self._places}

    def _attached(self) -> dict[int, int]:
        """Place of each image whose subject is here -> place of the subject. Rings have no beginning: left out."""
        subjects = {
            place: self._places[image.subject]
            for place, image in enumerate(self._images)
            if image.subject and image.subject in self._places
        }
        known: set[int] = set()
        for start in list(subjects):
            way: dict[int, None] = {}
            place = start
            while place in subjects and place not in known and place not in way:
                way[place] = None
                place = subjects[place]
            if place in way:
                ring = list(way)
                for each in ring[ring.index(place) :]:
                    del subjects[each]
            known.update(way)
        return subjects

    def _apply(self, rule: Rule) -> None:
        """Let a rule look at all that it selects; it decides about what no rule before it was for."""
        fits = selects(rule)
        selected = [place for place, image in enumerate(self._images) if place not in self._subjects and fits(image)]
        if rule.action == RETAIN:
            for place in selected:
                self._decide(place, rule, is_due=False, why=Why.RETAINED)
        elif rule.count_type == COUNT_MORE_THAN:
            dated = ((moment(rule, self._images[place]), self._images[place].digest, place) for place in selected)
            newest = sorted(dated, reverse=True)
            for rank, (_, _, place) in enumerate(newest, start=1):
                self._decide(place, rule, is_due=rank > rule.count, why=Why.NEWEST, rank=rank)
        else:
            for place in selected:
                start = moment(rule, self._images[place])
                is_due = start is not None and (self._now - start).total_seconds() > rule.count * DAY
                self._decide(place, rule, is_due=is_due, why=Why.RECENT, due=_due(start, rule.count))

    def _decide(
        self, place: int, rule: Rule, *, is_due: bool, why: Why, due: datetime | None = None, rank: int = 0
    ) -> None:
        known = self._decisions[place]
        if known is None:
            action = rule.action if is_due else KEEP
            said = Why.BY_RULE if is_due else why
            digest = self._images[place].digest
            self._decisions[place] = Decision(digest, action, rule.priority, said, due=due, rank=rank)
        elif is_due and known.action == KEEP and not known.shielded_from:
            self._decisions[place] = replace(known, shielded_from=rule.priority)

    def _take_along(self) -> None:
        """What is attached to an image goes where the image goes, and what is attached to that."""
        waiting = [place for place, found in enumerate(self._decisions) if found is not None and found.action]
        while waiting:
            subject = waiting.pop()
            decision = self._get(subject)
            for place in self._followers.get(subject, ()):
                image = self._images[place]
                if decision.action == TRANSITION and image.storage_class == ARCHIVE:
                    continue
                self._decisions[place] = Decision(
                    image.digest, decision.action, decision.rule, Why.WITH_SUBJECT, other=decision.digest
                )
                waiting.append(place)

    def _hold_back(self) -> None:
        """What an index names stays while the index does, and with it what is attached to it."""
        before: dict[int, Decision] = {}
        waiting = [place for place in self._parents if self._get(place).action and self._holders(place)]
        while waiting:
            place = waiting.pop()
            decision = self._get(place)
            if not decision.action or not (self._holders(place) or decision.why is Why.WITH_SUBJECT):
                continue
            before[place] = decision
            self._decisions[place] = replace(decision, action=KEEP)
            waiting += [child for child in self._children(self._images[place]) if self._holders(child)]
            waiting += self._followers.get(place, ())
        for place, decision in before.items():
            self._decisions[place] = self._kept(place, decision)

    def _kept(self, place: int, decision: Decision) -> Decision:
        """Why an action was taken back, told when all is decided: by the first index, or because the subject stays."""
        holders = self._holders(place, decision.action)
        if holders:
            first = min(self._images[holder].digest for holder in holders)
            return replace(decision, action=KEEP, why=Why.NAMED, other=first)
        return replace(decision, action=KEEP, why=Why.ATTACHED, rule=0)

    def _holders(self, place: int, action: str = "") -> list[int]:
        """The places of indexes that name the image and need it, if `action` (its own) is to be done to it."""
        action = action or self._get(place).action
        holding = []
        for parent in self._parents.get(place, ()):
            its = self._get(parent).action
            is_archived = its == TRANSITION or self._images[parent].storage_class == ARCHIVE
            if its != EXPIRE and not (action == TRANSITION and is_archived):
                holding.append(parent)
        return holding

    def _get(self, place: int) -> Decision:
        decision = self._decisions[place]
        if decision is None:
            raise TypeError("an image has no decision yet")
        return decision


def _due(start: datetime | None, days: int) -> datetime | None:
    """When so many days are over; None if no calendar goes so far."""
    try:
        return start + timedelta(days=days) if start else None
    except OverflowError:
        return None


def in_order(images: Sequence[ImageFacts], decisions: Iterable[Decision]) -> list[Decision]:
    """Those decisions that act, the oldest images first, but indexes before what they name.

    What is attached to an image comes right after it, unless an index that acts as well has yet to come before.
    """
    by_digest = {image.digest: image for image in images}
    acting = {decision.digest: decision for decision in decisions if decision.action}
    below: dict[str, list[str]] = {digest: [] for digest in acting}
    above = dict.fromkeys(acting, 0)
    for digest in acting:
        subject = by_digest[digest].subject
        edges = [(digest, child) for child in dict.fromkeys(by_digest[digest].children)]
        for upper, lower in [*edges, (subject, digest)]:
            if upper in acting and lower in acting and upper != lower:
                below[upper].append(lower)
                above[lower] += 1

    def place(digest: str) -> tuple[bool, datetime, str]:
        return acting[digest].why is not Why.WITH_SUBJECT, by_digest[digest].pushed_at, digest

    ready = [place(digest) for digest in acting if not above[digest]]
    heapify(ready)
    ordered: dict[str, None] = {}
    while ready:
        *_, digest = heappop(ready)
        ordered[digest] = None
        for lower in below[digest]:
            above[lower] -= 1
            if not above[lower]:
                heappush(ready, place(lower))
    rings = sorted(acting.keys() - ordered.keys(), key=lambda digest: (by_digest[digest].pushed_at, digest))
    return [acting[digest] for digest in (*ordered, *rings)]
