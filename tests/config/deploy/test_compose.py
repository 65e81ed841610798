"""docker-compose.yml is what it says, and what the script reads; secrets are made once."""

import ipaddress
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import wiring
from config.deploy import __main__ as command
from config.deploy import compose, local, secret_files
from config.deploy.local import Machine

PROJECT = local.PROJECT
RAW: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
PORTS = {name: 20_000 + number for number, name in enumerate([*compose.PORT_OF, "gateway-http"])}
KHO = [name for name, service in RAW["services"].items() if service["image"] == "kho"]


@pytest.fixture
def services() -> dict[str, compose.Service]:
    """The services as the script reads them."""
    return compose.read(PROJECT / "docker-compose.yml", {"KHO_HOST": "kho.example.org"})


def test_it_works_to_read_the_file(services: dict[str, compose.Service]) -> None:
    assert set(services) == set(RAW["services"])
    order = list(services)
    for service in services.values():
        assert all(order.index(needed) < order.index(service.name) for needed in service.needs)
    assert services["web-1"].environment["KHO_URL"] == "https://kho.example.org"
    assert services["web-1"].command == ("python", "-m", "config.serve", "web")


def test_without_a_name_it_has_a_default() -> None:
    read = compose.read(PROJECT / "docker-compose.yml", {})
    assert read["web-1"].environment["KHO_URL"] == "https://kho.example.com"


@pytest.mark.parametrize("name", list(RAW["services"]))
def test_every_service_is_confined(name: str) -> None:
    service = RAW["services"][name]
    assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] and "privileged" not in service
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}, "logs must not fill the disk"
    assert name == "init" or service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
    assert name in KHO or (service["user"] not in {"root", "0"} and service["healthcheck"])
    assert name in {"postgres", "s3"} or service["read_only"], "only what writes its own folders may write elsewhere"
    for variable, value in service.get("environment", {}).items():
        is_secret = re.search("SECRET|PASSWORD|KEY|DATABASE_URL", variable)
        assert not is_secret or value.startswith("/run/secrets/"), f"{variable} stands in the open"


def test_every_queue_has_a_worker() -> None:
    commands = [service["command"] for name, service in RAW["services"].items() if name.startswith("worker")]
    served = [queue for command in commands for queue in command[-1].split(",")]
    assert len(served) == len(set(served))
    assert set(served) == set(wiring.QUEUES) >= set(wiring.TASK_QUEUES.values())


def test_the_gateway_knows_every_web_node() -> None:
    nodes = RAW["services"]["gateway"]["environment"]["KHO_WEB_NODES"]
    web = [name for name in RAW["services"] if name.startswith("web-")]
    assert len(web) > 1 and all(f"server {name}:8000 max_fails=0;" in nodes for name in web)
    inside = RAW["services"]["gateway"]["networks"]["inside"]["ipv4_address"]
    assert RAW["services"]["web-1"]["environment"]["KHO_TRUSTED_PROXIES"] == inside


def test_addresses_that_others_rely_on_are_fixed_and_nobody_else_s() -> None:
    [pool] = RAW["networks"]["inside"]["ipam"]["config"]
    subnet, given = ipaddress.ip_network(pool["subnet"]), ipaddress.ip_network(pool["ip_range"])
    fixed = {
        name: ipaddress.ip_address(service["networks"]["inside"]["ipv4_address"])
        for name, service in RAW["services"].items()
        if isinstance(service["networks"], dict)
    }
    gateway = RAW["services"]["gateway"]["environment"]
    behind = re.findall(r"([\w-]+):\d+", gateway["KHO_WEB_NODES"] + " " + gateway["KHO_S3_NODE"])
    assert set(fixed) == {"gateway", *behind}, "nginx looks names up once"
    assert len(set(fixed.values())) == len(fixed)
    assert all(address in subnet and address not in given for address in fixed.values())


def test_the_image_has_what_the_broker_needs() -> None:
    listed = (PROJECT / "requirements" / "base.txt").read_text(encoding="utf-8")
    needed = [line for line in metadata.requires("kombu") or () if line.endswith('extra == "redis"')]
    names = {re.split(r"[^\w.-]", line)[0] for line in needed}
    assert names and all(f"\n{name}==" in listed for name in names), "development requirements would hide it"


def test_names_become_ports_and_volumes_folders(services: dict[str, compose.Service], tmp_path: Path) -> None:
    machine = Machine(tmp_path, PORTS)
    process = machine.process(services["web-2"])
    assert process.command == (sys.executable, "-m", "config.serve", "web")
    environment = process.environment
    assert environment["REDIS_URL"] == f"redis://127.0.0.1:{PORTS['redis']}/0"
    assert environment["KHO_S3_ENDPOINT"] == f"http://127.0.0.1:{PORTS['s3']}"
    assert environment["KHO_SECRET_KEY_FILE"] == str(tmp_path / "secrets" / "secret_key")
    assert environment["KHO_SPOOL"] == str(tmp_path / "spool") and (tmp_path / "spool").is_dir()
    assert environment["PORT"] == str(PORTS["web-2"]) and environment["KHO_BIND"] == "127.0.0.1"


def test_the_template_has_no_other_variables(services: dict[str, compose.Service]) -> None:
    template = (PROJECT / "config" / "deploy" / "nginx.conf.template").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", template)) == set(services["gateway"].environment)
    assert "${" not in local.gateway_site(services["gateway"].environment)


def test_secrets_are_made_once_and_only_for_the_owner(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = secret_files.make(folder, "kho.example.org:8443")
    assert set(made) == {Path(secret["file"]).name for secret in RAW["secrets"].values()}
    assert folder.stat().st_mode & 0o077 == 0
    content = {name: (folder / name).read_text() for name in made}
    assert secret_files.make(folder, "another.example.org") == []
    assert content == {name: (folder / name).read_text() for name in made}
    assert content["postgres_password"] in content["database_url"]
    [identity] = json.loads(content["s3_identities"])["identities"]
    assert identity["credentials"] == [
        {"accessKey": content["s3_access_key_id"], "secretKey": content["s3_secret_access_key"]}
    ]
    trusting = ssl.create_default_context(cafile=str(folder / "tls_certificate"))
    [certificate] = trusting.get_ca_certs()
    assert certificate["subjectAltName"] == (("DNS", "kho.example.org"),)
    trusting.load_cert_chain(folder / "tls_certificate", folder / "tls_key")


def test_secrets_are_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty password would go into the address of the database, and an empty key would sign."""
    folder = tmp_path / "secrets"

    def die(_: int) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("secrets.token_urlsafe", die)
        with pytest.raises(KeyboardInterrupt):
            secret_files.make(folder, "kho.example.org")
    assert list(folder.iterdir()) == []
    made = secret_files.make(folder, "kho.example.org")
    assert all((folder / name).stat().st_size for name in made)
    (folder / "postgres_password").write_text("")
    with pytest.raises(SystemExit, match="postgres_password is empty"):
        secret_files.make(folder, "kho.example.org")


def test_a_secret_that_is_copied_is_for_its_owner_too(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password")
    (tmp_path / "copy").touch(mode=0o644)
    made = local.private_copy(tmp_path / "secret", tmp_path / "copy")
    assert made.read_text() == "password" and made.stat().st_mode & 0o777 == 0o600


def test_a_certificate_may_be_of_an_address(tmp_path: Path) -> None:
    certificate, _ = secret_files.self_signed("127.0.0.1:8443")
    (tmp_path / "pem").write_text(certificate)
    [read] = ssl.create_default_context(cafile=str(tmp_path / "pem")).get_ca_certs()
    assert read["subjectAltName"] == (("IP Address", "127.0.0.1"),)


class Starting:
    """A topology of which the first service takes for ever to start."""

    def __init__(self, data: Path, *, port: int) -> None:
        self.services: dict[str, object] = {}
        self.data = data
        self.stopped = False
        made.append(self)

    def start(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("it goes on")

    def stop(self) -> None:
        signal.raise_signal(signal.SIGINT)
        self.stopped = True


made: list[Starting] = []


def test_the_topology_stops_while_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when all is there, a minute later; and a second Ctrl-C does not leave services behind."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(command, "Topology", Starting)
    try:
        assert command.run(tmp_path, 0) == 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert made[-1].stopped


def test_the_command_makes_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.main(["secrets", "kho.example.org"]) == 0
    assert "tls_key" in capsys.readouterr().out
    assert command.main(["secrets", "kho.example.org"]) == 0
    assert "nothing" in capsys.readouterr().out
    assert command.main([]) == command.main(["dance"]) == 2
    assert "python -m config.deploy" in capsys.readouterr().err


def test_free_ports_are_none_of_those_that_connections_get() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found = [local.free_port() for _ in range(50)]
    assert len(set(found)) == 50
    assert all(10_000 <= port < first for port in found), "any client could have it before its server starts"
    for _ in range(20):
        port = local.free_port(above=10_000)
        assert port + 10_000 < first
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10_000))


def test_a_port_that_is_taken_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        port = local.free_port()
        taken.bind(("127.0.0.1", port))
        monkeypatch.setattr(local, "_given", set())
        numbers = iter([port, port + 1, port + 2])
        monkeypatch.setattr(local.random, "randrange", lambda *_: next(numbers))
        assert local.free_port() > port


@pytest.mark.parametrize(("arguments", "status"), [(["dance"], 1), ([], 1), (["check"], 1)])
def test_roles_that_can_t_be_end_with_a_code(arguments: list[str], status: int) -> None:
    env = os.environ | {"PORT": "9", "KHO_URL": "https://kho.example.org"}
    command = [sys.executable, "-m", "config.serve", *arguments]
    done = subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert arguments == ["check"] or "is no role" in done.stderr
