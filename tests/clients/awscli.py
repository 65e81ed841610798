"""The AWS command line, unmodified, pointed at a deployment by its endpoint setting."""

import json
from typing import Any

from tests.clients.processes import Client
from tests.clients.server import Server

REGION = "us-east-1"


def settings_of(server: Server, key_id: str = "", secret: str = "", token: str = "") -> dict[str, str]:
    """The environment that points any program with an SDK of AWS at a deployment."""
    env = {
        "AWS_ENDPOINT_URL": f"http://{server.host}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    keys = {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
    return env | {name: value for name, value in keys.items() if value}


class Aws:
    """`aws` with the keys of one principal."""

    def __init__(self, server: Server, key_id: str = "", secret: str = "", token: str = "") -> None:
        self.server = server
        self.client = Client("aws", env=settings_of(server, key_id, secret, token))

    def __call__(self, *words: str) -> Any:
        """Run a command to its end and return what it answered."""
        said = self.client(*words, "--output", "json")
        return json.loads(said) if said.strip() else None

    def text(self, *words: str) -> str:
        """Run a command to its end and return what it printed."""
        return self.client(*words)

    def refused(self, *words: str) -> str:
        """Run a command that fails, and return what it printed."""
        return self.client.refused(*words)

    def assume(self, role_arn: str, session: str, *words: str) -> "Aws":
        """`aws sts assume-role`; the command line as that session."""
        given = self("sts", "assume-role", "--role-arn", role_arn, "--role-session-name", session, *words)
        return self.with_session(given["Credentials"])

    def with_session(self, credentials: dict[str, str]) -> "Aws":
        """The command line with temporary credentials."""
        return Aws(self.server, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])

    def password(self) -> str:
        """`aws ecr get-login-password`."""
        return self.text("ecr", "get-login-password").strip()
