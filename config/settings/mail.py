"""Reads how mails leave: through an SMTP server, or into a folder where none is named."""

from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import urlsplit

from config import env

PORTS: Final = {"none": 25, "starttls": 587, "tls": 465}
SMTP: Final = "django.core.mail.backends.smtp.EmailBackend"
FOLDER: Final = "django.core.mail.backends.filebased.EmailBackend"


@dataclass(frozen=True, slots=True)
class Mail:
    """The server, who we are there, and the address that mails come from."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    sender: str

    @property
    def backend(self) -> str:
        """Django's class that takes mails."""
        return SMTP if self.host else FOLDER

    @classmethod
    def read(cls, public_url: str) -> Self:
        """Read and check them; without KHO_SMTP_HOST the rest does not matter."""
        security = env.matching("KHO_SMTP_SECURITY", "none", "|".join(PORTS), "one of " + ", ".join(PORTS))
        sender = f"Kho <kho@{urlsplit(public_url).hostname or 'localhost'}>"
        mail = cls(
            host=env.matching("KHO_SMTP_HOST", "", r"[A-Za-z0-9.:-]+", "a host name or address"),
            port=env.integer("KHO_SMTP_PORT", PORTS[security], least=1, most=65535),
            security=security,
            user=env.text("KHO_SMTP_USER", ""),
            password=env.text("KHO_SMTP_PASSWORD", ""),
            sender=env.matching(
                "KHO_MAIL_FROM",
                sender,
                r"[^<>\r\n@]*<?[^<>\s@]+@[^<>\s@]+>?",
                "an address such as Kho <kho@example.com>",
            ),
        )
        if bool(mail.user) != bool(mail.password):
            raise env.BadSetting("KHO_SMTP_USER", "and KHO_SMTP_PASSWORD are given both or not at all")
        if mail.host and not public_url:  # whoever asks for a mail to somebody else must not choose where it leads
            raise env.BadSetting("KHO_URL", "is required with KHO_SMTP_HOST: links in mails lead there")
        return mail
