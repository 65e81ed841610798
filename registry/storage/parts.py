"""The bytes of a part on their way to an object store: on disk, since many requests collect theirs at once."""

from tempfile import TemporaryFile
from typing import IO

from registry.storage import files
from registry.storage.files import translated


class PartBuffer:
    """Up to `most` bytes in a file without a name; it is gone with the process."""

    def __init__(self, most: int) -> None:
        self._most = most
        with translated():
            self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
        self.size = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more goes in."""
        return self.size >= self._most

    def add(self, data: memoryview) -> int:
        """Take as many of the bytes as go in, and return how many."""
        taken = data[: self._most - self.size]
        with translated():
            files.write_all(self._file, taken)
        self.size += len(taken)
        return len(taken)

    def rewound(self) -> IO[bytes]:
        """The file at its start, to be read to its end."""
        self._file.seek(0)
        return self._file

    def clear(self) -> None:
        """Begin the next part."""
        with translated():
            self._file.seek(0)
            self._file.truncate()
        self.size = 0

    def close(self) -> None:
        """Give the space free."""
        self._file.close()
