"""Why a name can't be had, in words that help to choose another one."""

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from gallery.errors import (
    NameHeld,
    NameMalformed,
    NameRefused,
    NameReserved,
    NameTaken,
    NameTooLike,
)


def words(error: NameRefused) -> str:
    """Say it in the language that is active."""
    match error:
        case NameMalformed():
            return _(
                "Use 2 to 50 lower-case letters and digits, beginning with a letter, with single . _ or - between: "
                "acme or acme-tools."
            )
        case NameReserved(is_alike=True):
            return _("“%(name)s” looks like “%(pattern)s”, which is reserved: %(why)s.") % _facts(error)
        case NameReserved():
            return _("“%(name)s” is reserved by “%(pattern)s”: %(why)s.") % _facts(error)
        case NameHeld(is_own=True):
            return _("Your account released “%(name)s”. Take it back on its page.") % {"name": error.name}
        case NameHeld():
            until = formats.date_format(timezone.localtime(error.until), "DATE_FORMAT")
            return _("“%(name)s” is held for its former owner until %(until)s.") % {"name": error.name, "until": until}
        case NameTaken(is_own=True):
            return _("Your account has “%(name)s” already.") % {"name": error.name}
        case NameTaken():
            return _("“%(name)s” is taken.") % {"name": error.name}
        case NameTooLike():
            facts = {"name": error.name, "other": error.other}
            return _("“%(name)s” could be taken for “%(other)s”, which is another publisher's.") % facts
        case _:
            return _("“%(name)s” can't be had.") % {"name": error.name}


def _facts(error: NameReserved) -> dict[str, str]:
    why = f"{error.why} ({error.note})" if error.note else error.why
    return {"name": error.name, "pattern": error.pattern, "why": why}
