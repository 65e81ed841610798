"""Lifecycle rules and decisions in words, for the console's pages."""

from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.lifecycle.evaluation import Decision, Why
from registry.lifecycle.grammar import (
    ANY,
    ARCHIVE,
    COUNT_MORE_THAN,
    EXPIRE,
    RETAIN,
    SINCE_PULLED,
    SINCE_TAGGED,
    SINCE_TRANSITIONED,
    UNTAGGED,
    Rule,
)


def rule(one: Rule) -> dict[str, Any]:
    """A rule as a row: which images, when, and then what."""
    return {
        "priority": one.priority,
        "description": one.description,
        "who": _who(one),
        "is_archive": one.storage_class == ARCHIVE,
        "when": _when(one),
        "then": {EXPIRE: _("expire"), RETAIN: _("are kept")}.get(one.action, _("are archived")),
    }


def _who(one: Rule) -> str:
    if one.tag_status == UNTAGGED:
        return _("Untagged images")
    if one.tag_status == ANY:
        return _("All images")
    texts = ", ".join(one.patterns or one.prefixes)
    if one.patterns:
        return ngettext(
            "Images with a tag like %(texts)s", "Images with tags like each of %(texts)s", len(one.patterns)
        ) % {"texts": texts}
    return ngettext(
        "Images with a tag that begins with %(texts)s",
        "Images with tags that begin with each of %(texts)s",
        len(one.prefixes),
    ) % {"texts": texts}


def _when(one: Rule) -> str:
    n = {"n": one.count}
    match one.count_type:
        case count if count == COUNT_MORE_THAN:
            return ngettext("all but the newest", "all but the %(n)s newest", one.count) % n
        case count if count == SINCE_PULLED:
            return ngettext("not pulled for %(n)s day", "not pulled for %(n)s days", one.count) % n
        case count if count == SINCE_TAGGED:
            return ngettext("not tagged for %(n)s day", "not tagged for %(n)s days", one.count) % n
        case count if count == SINCE_TRANSITIONED:
            return ngettext("archived for %(n)s day", "archived for %(n)s days", one.count) % n
        case "":
            return _("always")
    return ngettext("pushed %(n)s day ago", "pushed %(n)s days ago", one.count) % n


def action(decision: Decision) -> str:
    """What becomes of an image, in a word."""
    if decision.action == EXPIRE:
        return _("expires")
    return _("is archived") if decision.action else _("stays")


def short(decision: Decision) -> str:
    """What a list says of an image."""
    number = {"rule": decision.rule}
    if decision.action == EXPIRE:
        return _("expires, rule %(rule)s") % number if decision.rule else _("expires")
    if decision.action:
        return _("is archived, rule %(rule)s") % number if decision.rule else _("is archived")
    if decision.why is Why.RECENT and decision.due:
        return _until(decision)
    if decision.why in {Why.NEWEST, Why.RETAINED, Why.RECENT}:
        return _("kept by rule %(rule)s") % number
    return _("kept")


def _until(decision: Decision) -> str:
    day = formats.date_format(timezone.localtime(decision.due), "DATE_FORMAT")
    return _("due ≈ %(day)s, rule %(rule)s") % {"day": day, "rule": decision.rule}


def why(decision: Decision) -> str:
    """The reason, in a sentence."""
    facts = {
        "rule": decision.rule,
        "rank": decision.rank,
        "digest": decision.other[:19],
        "day": formats.date_format(timezone.localtime(decision.due), "DATE_FORMAT") if decision.due else "",
    }
    match decision.why:
        case Why.NO_RULE:
            said = _("Kept: no rule is for it.")
        case Why.NEWEST:
            said = _("Kept: it is number %(rank)s of the newest that rule %(rule)s keeps.")
        case Why.RECENT:
            said = _("Kept: its time by rule %(rule)s is up on %(day)s.")
            said = said if decision.due else _("Kept: its time by rule %(rule)s is never up.")
        case Why.RETAINED:
            said = _("Kept: rule %(rule)s retains it.")
        case Why.NAMED:
            said = _("Kept: the index %(digest)s names it and stays.")
        case Why.ATTACHED:
            said = _("Kept: it is attached to %(digest)s, which stays.")
        case Why.WITH_SUBJECT:
            said = _("It goes with %(digest)s, to which it is attached.")
        case _:
            said = (
                _("Rule %(rule)s keeps only newer ones; this is number %(rank)s.")
                if decision.rank
                else _("Its time by rule %(rule)s was up on %(day)s.")
            )
    sentences = [said % facts]
    if decision.shielded_from:
        lower = _("Rule %(lower)s would take it, but rule %(rule)s has the higher priority.")
        sentences.append(lower % {"lower": decision.shielded_from, "rule": decision.rule})
    return " ".join(sentences)
