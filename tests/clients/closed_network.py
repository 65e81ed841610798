"""A network of its own where AWS's host names lead to Kho: names, certificates, and nginx for TLS; no route out."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.clients.processes import Client, Daemon
from tests.clients.server import Server

NAMES: Final = (
    "api.ecr.{region}.amazonaws.com",
    "api.ecr-public.{region}.amazonaws.com",
    "sts.amazonaws.com",
    "sts.{region}.amazonaws.com",
    "iam.amazonaws.com",
    "public.ecr.aws",
)
ADDRESS: Final = "127.0.0.83"
"""Of the loopback network, so that port 443 of the machine's own address stays free."""

NGINX: Final = """
daemon off; pid {folder}/nginx.pid; error_log stderr; worker_processes 1;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen {address}:443 ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        client_max_body_size 0;
        location / {{
            proxy_pass http://{upstream};
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
}}
"""


class ClosedNetwork:
    """Runs programs that see AWS's names, and trust the authority that vouches for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = folder / "ca.pem"
        self._hosts = folder / "hosts"

    @property
    def inside(self) -> list[str]:
        """What to write before a command so that it runs inside the network."""
        mount = f'mount --bind "{self._hosts}" /etc/hosts && exec "$@"'
        return ["unshare", "--mount", "sh", "-c", mount, "sh"]

    @property
    def env(self) -> dict[str, str]:
        """The environment of programs inside, which trust the authority."""
        return {
            "AWS_CA_BUNDLE": str(self.authority),
            "SSL_CERT_FILE": str(self.authority),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_PAGER": "",
            "HOME": str(self.folder),
        }

    def client(self, *command: str, **env: str) -> Client:
        """A program inside the network."""
        return Client(*self.inside, *command, env=self.env | env)

    def make(self, accounts: list[str], regions: Sequence[str]) -> None:
        """Write names and certificates."""
        shapes = [*NAMES, *(f"{account}.dkr.ecr.{{region}}.amazonaws.com" for account in accounts)]
        names = list(dict.fromkeys(shape.format(region=region) for region in regions for shape in shapes))
        self._hosts.write_text(f"127.0.0.1 localhost\n{ADDRESS} {' '.join(names)}\n", encoding="utf-8")
        openssl = Client("openssl", folder=self.folder)
        ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
        openssl("req", "-x509", *ec, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Kho test authority")
        openssl("req", *ec[:-2], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=kho")
        (self.folder / "names").write_text(
            f"subjectAltName = {', '.join(f'DNS:{name}' for name in names)}\n", encoding="utf-8"
        )
        openssl(
            "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "names",
        )  # fmt: skip


@contextmanager
def around(
    server: Server, folder: Path, accounts: list[str], regions: Sequence[str] = ("us-east-1",)
) -> Iterator[ClosedNetwork]:
    """The network, with TLS in front of a server."""
    network = ClosedNetwork(folder)
    network.make(accounts, regions)
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, address=ADDRESS, upstream=server.host), encoding="utf-8")
    nginx = Daemon("nginx", ["nginx", "-c", str(config)], folder / "nginx.log")
    probe = ["openssl", "s_client", "-connect", f"{ADDRESS}:443"]

    def answers() -> bool:
        return subprocess.run(probe, input=b"", capture_output=True, timeout=10, check=False).returncode == 0

    nginx.start(answers)
    try:
        yield network
    finally:
        nginx.stop()
