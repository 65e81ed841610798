"""Tells people that a long job which they started is over."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from registry.models import NoticeChoice, WorkItem
from registry.notifications import notices
from registry.notifications.kinds import Kind

JOBS: Final = {
    "delete-images": _("Delete images"),
    "delete-repositories": _("Delete repositories"),
    "set-lifecycle": _("Set the lifecycle policy"),
    "tag-repositories": _("Add resource tags"),
}
"""Kinds of long jobs in words."""
STATES: Final = {
    WorkItem.State.DONE.value: _("done"),
    WorkItem.State.PARTIAL.value: _("done, with failures"),
    WorkItem.State.CANCELLED.value: _("cancelled by somebody else"),
}
KINDS: Final = (
    Kind(
        key="work.ended",
        title=_("A long job that you started is over"),
        subject=_("%(job)s: %(state)s"),
        text=_("In the account %(account)s. Done: %(done)s of %(total)s. Failed: %(failed)s."),
        link=_("Show the job"),
        usually=NoticeChoice.Channel.PAGE,
        values={"job": JOBS, "state": STATES},
    ),
)


def tell(payload: Mapping[str, Any]) -> None:
    """Tell who started a job that it is over. Started by WorkEnded.

    A job that was taken up again meanwhile is told of when it ends again. Who is no member any more is told nothing.
    """
    item = WorkItem.objects.select_related("membership__person").filter(id=payload["item"]).first()
    if item is None or not item.is_over or item.finished_at is None or item.membership is None:
        return
    params = {
        "job": item.kind,
        "state": item.state,
        "account": item.account_id,
        "done": item.done,
        "total": item.total,
        "failed": item.failed,
    }
    path = f"/console/{item.account_id}/work/{item.id}"
    key = f"work {item.id} {item.finished_at.isoformat()}"
    notices.notify([item.membership.person], "work.ended", params, path=path, key=key)
