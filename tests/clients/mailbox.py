"""The mails of a deployment without a mail server: files in its data folder, written by its task worker."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.clients.processes import wait_for

RULE = b"-" * 79
"""What Django puts between the mails of one file."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """All mails of a data folder."""

    data: Path

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to an address, the oldest first."""
        files = sorted((self.data / "mail").glob("*.log"), key=lambda each: each.stat().st_mtime_ns)
        texts = [text for file in files for text in file.read_bytes().split(RULE) if text.strip()]
        mails = [message_from_bytes(text.lstrip(), policy=policy.default) for text in texts]
        return [mail for mail in mails if mail["To"] == address]

    def wait_for(self, address: str, words: str) -> str:
        """The text of the last mail to an address that holds these words, waited for."""
        found: list[str] = []

        def has_come() -> bool:
            found[:] = [text for text in map(text_of, self.to(address)) if words in text]
            return bool(found)

        wait_for(f"a mail to {address} with “{words}”", has_come, seconds=120)
        return found[-1]

    def link_to(self, address: str) -> str:
        """The path of the link in the last mail to an address."""
        found = re.findall(r"^http://[^/\s]+(/\S+)$", self.wait_for(address, "http://"), re.MULTILINE)
        return str(found[0])


def text_of(mail: EmailMessage) -> str:
    """Subject and plain text."""
    body = mail.get_body(("plain",))
    return f"{mail['Subject']}\n\n{body.get_content() if body else ''}"
