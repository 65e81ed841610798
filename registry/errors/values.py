"""The root of the errors, and values of the wrong form."""


class RegistryError(Exception):
    """The root of the tree."""


class InvalidValue(RegistryError):
    """A value has the wrong form; the message says what it takes."""

    def __init__(self, value: str, why: str) -> None:
        super().__init__(f"{value!r} {why}")
        self.value = value
        self.why = why


class InvalidRegion(InvalidValue):
    """Not a region that images can go to."""


class InvalidRepositoryName(InvalidValue):
    """Not a legal repository name."""


class InvalidImageTag(InvalidValue):
    """Not a legal image tag."""


class InvalidDigest(InvalidValue):
    """Not a digest, or of an algorithm that is not served."""


class InvalidResourceTag(RegistryError):
    """A resource tag is not in form."""
