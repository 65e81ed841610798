"""The filters of the audit log."""

from datetime import UTC, date, datetime, time, timedelta

from django import forms
from django.utils.translation import gettext_lazy

from accounts.audit.lookup import EventFilter


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


class EventFilters(forms.Form):
    """Which events are shown; days are days in UTC, both ends included."""

    who = forms.CharField(label=gettext_lazy("Who"), required=False, max_length=512)
    action = forms.CharField(label=gettext_lazy("Action"), required=False, max_length=64)
    resource = forms.CharField(label=gettext_lazy("Resource"), required=False, max_length=512)
    since = forms.DateField(label=gettext_lazy("From"), required=False, input_formats=["%Y-%m-%d"])
    until = forms.DateField(label=gettext_lazy("To"), required=False, input_formats=["%Y-%m-%d"])
    denied = forms.BooleanField(label=gettext_lazy("Only what was denied"), required=False)
    reads = forms.BooleanField(label=gettext_lazy("Reads, too"), required=False)
    request = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def chosen(self) -> EventFilter:
        """The filter for the core; the changes of all time, if the form is wrong."""
        if not self.is_valid():
            return EventFilter()
        data = self.cleaned_data
        return EventFilter(
            who=data["who"].strip(),
            action=data["action"].strip(),
            resource=data["resource"].strip(),
            denied=data["denied"],
            reads=data["reads"],
            since=datetime.combine(data["since"], time(), UTC) if data["since"] else None,
            until=_end_of(data["until"]) if data["until"] and data["until"] < date.max else None,
            request_id=data["request"].strip(),
        )
