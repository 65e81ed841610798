"""What the journeys ask of a container engine, whichever it is: one engine is one machine with its own images."""

from pathlib import Path
from typing import Protocol


class Engine(Protocol):
    """A machine that pushes, pulls and runs images."""

    def login(self, host: str, user: str, password: str) -> None:
        """Sign in at a registry; CommandFailed if it refuses."""

    def login_refused(self, host: str, user: str, password: str) -> str:
        """Expect that the registry refuses, and return what the program said."""

    def load(self, archive: Path, *references: str) -> None:
        """Take the one image of a docker archive and give it these names."""

    def push(self, reference: str) -> None:
        """Send an image to the registry in its name."""

    def push_refused(self, reference: str) -> str:
        """Expect that the push fails, and return what the program said."""

    def pull(self, reference: str) -> None:
        """Fetch an image."""

    def pull_refused(self, reference: str) -> str:
        """Expect that the pull fails, and return what the program said."""

    def image_id(self, reference: str) -> str:
        """Return the digest of the image's configuration: `sha256:...`."""

    def remove(self, reference: str) -> None:
        """Forget an image and the layers that no other image needs."""

    def run(self, reference: str, *command: str) -> str:
        """Run a command in a new container without network and return what it printed."""

    def close(self) -> None:
        """Stop what runs and remove what it stored."""
