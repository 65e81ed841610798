"""What `make run` is told by its environment; a bad value ends it with one line."""

import re
from dataclasses import dataclass, field
from typing import Self

from config import env


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that only the start needs."""

    bind: str
    port: int
    demo: bool
    admin_email: str
    admin_password: str = field(repr=False)
    account_id: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @classmethod
    def read(cls) -> Self:
        """Read and check them."""
        options = cls(
            bind=env.matching(
                "KHO_BIND", "127.0.0.1", r"[0-9A-Fa-f.:]+|localhost", "an address such as 127.0.0.1 or 0.0.0.0"
            ).replace("localhost", "127.0.0.1"),
            port=env.integer("PORT", 8000, least=1, most=65535),
            demo=env.boolean("KHO_DEMO", True),
            admin_email=env.matching("KHO_ADMIN_EMAIL", "admin@localhost", r"[^@\s]+@[^@\s]+", "a mail address"),
            admin_password=env.text("KHO_ADMIN_PASSWORD", ""),
            account_id=env.matching("KHO_ACCOUNT_ID", "", r"[0-9]{12}", "12 digits"),
            access_key_id=env.matching(
                "KHO_ACCESS_KEY_ID", "", r"\w{3,128}", "3 to 128 letters, digits and underscores"
            ),
            secret_access_key=env.matching(
                "KHO_SECRET_ACCESS_KEY", "", r"[!-~]{8,128}", "8 to 128 printable characters without spaces"
            ),
        )
        if bool(options.access_key_id) != bool(options.secret_access_key):
            raise env.BadSetting("KHO_ACCESS_KEY_ID", "and KHO_SECRET_ACCESS_KEY must be given together, or neither")
        return options

    @property
    def host(self) -> str:
        """The host that a person on this machine types."""
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.bind, self.bind)  # noqa: S104 - compared, not bound
        name = f"[{name}]" if re.fullmatch(r"[0-9a-fA-F:]*:[0-9a-fA-F:]*", name) else name
        return f"{name}:{self.port}"

    @property
    def origin(self) -> str:
        """Where a browser on this machine finds it."""
        return env.text("KHO_URL", "") or f"http://{self.host}"
