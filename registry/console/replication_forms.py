"""The form of a replication rule: its destinations, and which repositories go there.

The first destination is in the fields `region` and `account`, further ones are in `region_1`, `account_1` and so on.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.core import peers, registries
from registry.replication import rules
from registry.replication.rules import PREFIX_MATCH, TAG_WILDCARD
from registry.values import ACCOUNT_ID, REPOSITORY_PREFIX, TAG_FILTER, RegistryId

SHORTEST, LONGEST = 2, 256
FURTHER: Final = re.compile(r"account_([1-9][0-9]?)")


def _is_account(text: str) -> None:
    if not ACCOUNT_ID.fullmatch(text):
        raise ValidationError(_("Give the 12 digits of an account."))


class ReplicationRule(forms.Form):
    """A rule; it has as many destinations as what is typed or shown has."""

    prefixes = forms.CharField(
        label=gettext_lazy("Only repositories whose names begin with"), required=False, widget=forms.Textarea
    )
    tags = forms.CharField(label=gettext_lazy("Only image tags like"), required=False, widget=forms.Textarea)
    deletes = forms.BooleanField(label=gettext_lazy("Deletions follow"), required=False)

    def __init__(self, *args: Any, registry: RegistryId, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.registry = registry
        self._names = _names(self.data if self.is_bound else self.initial)
        served = peers.regions()
        for region, account in self._names:
            present = "" if self.is_bound else self.initial.get(region, "")
            # One that nobody serves any more is shown, so that no other one takes its place unseen; it can't be put.
            shown = [*served, present] if present and present not in served else served
            self.fields[region] = forms.ChoiceField(label=_("Region"), choices=[(each, each) for each in shown])
            self.fields[account] = forms.CharField(label=_("Account"), max_length=12, validators=[_is_account])
        self.order_fields([name for pair in self._names for name in pair])

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Region and account of each destination, for a template."""
        return [(self[region], self[account]) for region, account in self._names]

    @property
    def has_room(self) -> bool:
        """Whether there may be another destination."""
        return len(self._names) < registries.MOST_DESTINATIONS

    def clean_prefixes(self) -> list[str]:
        """One in a line, as ECR takes them."""
        wrong = _("“%(text)s” is no beginning of a name such as team/.")
        return _lines(self.cleaned_data["prefixes"], REPOSITORY_PREFIX.fullmatch, wrong)

    def clean_tags(self) -> list[str]:
        """One in a line."""
        wrong = _("“%(text)s” is no pattern of image tags such as v*.")
        return _lines(self.cleaned_data["tags"], TAG_FILTER.fullmatch, wrong)

    def clean(self) -> dict[str, Any]:
        """It leads elsewhere."""
        data = super().clean() or self.cleaned_data
        for region, account in self._names:
            if (data.get(account), data.get(region)) == (self.registry.account_id, self.registry.region):
                self.add_error(region, _("A registry is not replicated to itself."))
        if len(data.get("prefixes", [])) + len(data.get("tags", [])) > registries.MOST_FILTERS:
            self.add_error(None, _("A rule takes 100 beginnings of names and patterns of image tags at most."))
        return data

    def as_rule(self) -> dict[str, Any]:
        """The rule as ECR writes it."""
        data = self.cleaned_data
        places = dict.fromkeys((data[region], data[account]) for region, account in self._names)
        rule: dict[str, Any] = {"destinations": [{"region": each[0], "registryId": each[1]} for each in places]}
        filters = [{"filter": each, "filterType": PREFIX_MATCH} for each in data["prefixes"]]
        filters += [{"filter": each, "filterType": TAG_WILDCARD} for each in data["tags"]]
        if filters:
            rule["repositoryFilters"] = filters
        return rule | ({"deleteReplication": {"enabled": True}} if data["deletes"] else {})


def initial(rule: Mapping[str, Any]) -> dict[str, Any]:
    """What the form shows of a rule that is in force."""
    typed: dict[str, Any] = {
        "prefixes": "\n".join(rules.filters(rule, PREFIX_MATCH)),
        "tags": "\n".join(rules.filters(rule, TAG_WILDCARD)),
        "deletes": bool((rule.get("deleteReplication") or {}).get("enabled")),
    }
    return typed | _written([(each["region"], each["registryId"]) for each in rule["destinations"]])


def with_room(typed: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    """What was typed, with one destination more, of an account."""
    return _kept(typed) | _written([*_places(typed), ("", account_id)])


def without(typed: Mapping[str, Any], number: int) -> dict[str, Any]:
    """What was typed, without one of the destinations; the last one stays."""
    places = _places(typed)
    return _kept(typed) | _written([each for place, each in enumerate(places) if place != number] or places)


def _names(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The names of the fields for the destinations."""
    further = [int(found[1]) for each in typed if (found := FURTHER.fullmatch(each))]
    count = min(1 + max(further, default=0), registries.MOST_DESTINATIONS)
    return [("region", "account"), *((f"region_{number}", f"account_{number}") for number in range(1, count))]


def _places(typed: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(typed.get(region, ""), typed.get(account, "")) for region, account in _names(typed)]


def _written(places: list[tuple[str, str]]) -> dict[str, Any]:
    """Destinations in the fields of the form."""
    written: dict[str, Any] = {}
    for number, (region, account) in enumerate(places):
        end = f"_{number}" if number else ""
        written |= {f"region{end}": region, f"account{end}": account}
    return written


def _kept(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: typed[name] for name in ("prefixes", "tags", "deletes") if name in typed}


def _lines(text: str, fits: Callable[[str], object], wrong: str) -> list[str]:
    """The lines of a text, each once; `wrong` says that one is none of what is asked for."""
    lines = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    for line in lines:
        if not SHORTEST <= len(line) <= LONGEST or not fits(line):
            raise ValidationError(wrong % {"text": line[:80]})
    return lines
