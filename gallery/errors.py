"""What can go wrong in the gallery. Errors carry facts; pages and APIs have the words.

GalleryError
├── TooManyReports          from one address in an hour
├── AlreadyHandled          another member of staff was faster
├── NameRefused             an alias that can't be asked for, or can't be given
│   ├── NameMalformed       not in the form of an alias
│   ├── NameReserved        a pattern of reserved names fits it, or it looks like one
│   ├── NameTaken           an account has it
│   ├── NameHeld            it was released, and is held for its former owner
│   └── NameTooLike         it looks like an alias of another account
├── AliasError
│   ├── AliasNotFound       the account has no such alias, or nothing to take back
│   └── AliasIsDefault      the default alias stays
├── RequestError
│   ├── RequestNotFound
│   ├── RequestPending      an account asks for one name at a time
│   ├── RequestMoved        it is in another state than the form knew
│   └── RequestIncomplete   a field is missing, or too long
└── PatternError
    ├── PatternMalformed    no pattern of names
    ├── PatternKnown        it is in the list already
    └── PatternNotFound
"""

from datetime import datetime


class GalleryError(Exception):
    """The root of the tree."""


class TooManyReports(GalleryError):
    """One address has sent as many as it may."""


class AlreadyHandled(GalleryError):
    """Somebody has decided already."""

    def __init__(self, by: str, at: datetime | None) -> None:
        super().__init__(by)
        self.by = by
        self.at = at


class NameRefused(GalleryError):
    """A name that an account can't have."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NameMalformed(NameRefused):
    """Not in the form of an alias."""


class NameReserved(NameRefused):
    """`pattern` of the reserved names fits it, or (`is_alike`) it can be taken for one; `why` says whose they are."""

    def __init__(self, name: str, pattern: str, why: str, note: str, *, is_alike: bool) -> None:
        super().__init__(name)
        self.pattern = pattern
        self.why = why
        self.note = note
        self.is_alike = is_alike


class NameTaken(NameRefused):
    """An account has it; perhaps (`is_own`) the one that asks."""

    def __init__(self, name: str, *, is_own: bool) -> None:
        super().__init__(name)
        self.is_own = is_own


class NameHeld(NameTaken):
    """It was released and is held until a time."""

    def __init__(self, name: str, until: datetime, *, is_own: bool) -> None:
        super().__init__(name, is_own=is_own)
        self.until = until


class NameTooLike(NameRefused):
    """It can be taken for another account's alias."""

    def __init__(self, name: str, other: str) -> None:
        super().__init__(name)
        self.other = other


class AliasError(GalleryError):
    """About an alias that an account has or had."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class AliasNotFound(AliasError):
    """The account has no such alias, or none that it could take back."""


class AliasIsDefault(AliasError):
    """The default alias can't be released."""


class RequestError(GalleryError):
    """About a request for an alias."""


class RequestNotFound(RequestError):
    """There is no such request."""


class RequestPending(RequestError):
    """The account asks for another name already."""

    def __init__(self, alias: str) -> None:
        super().__init__(alias)
        self.alias = alias


class RequestMoved(RequestError):
    """It changed since it was shown, so that what was meant does not fit any more."""


class RequestIncomplete(RequestError):
    """A field is missing or has the wrong form; `most` is its limit, if that is what is wrong."""

    def __init__(self, field: str, most: int = 0) -> None:
        super().__init__(field)
        self.field = field
        self.most = most


class PatternError(GalleryError):
    """About a pattern of reserved names."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self.pattern = pattern


class PatternMalformed(PatternError):
    """No pattern of its kind."""


class PatternKnown(PatternError):
    """It is in the list already."""


class PatternNotFound(PatternError):
    """It is not in the list."""
