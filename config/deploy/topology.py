"""All services of docker-compose.yml as processes of this machine: started in order, watched, restarted one by one."""

import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from config.deploy import compose, secret_files
from config.deploy.compose import PORT_OF, Service
from config.deploy.local import PROJECT, Machine, free_port
from config.run.processes import Child
from config.serve import DIRECTLY

READY_SECONDS: Final = 90
ONCE: Final = "init"
WEB: Final = "web-"
PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR")


class NotStarted(Exception):
    """A service ended or did not become ready; the message holds the end of its output."""


class Topology:
    """A deployment below one folder. `children` are its running services by name."""

    def __init__(self, data: Path, *, port: int = 0, settings: dict[str, str] | None = None) -> None:
        self.data = data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self.ports = {name: free_port(above=10_000) for name in (*PORT_OF, "gateway-http")}
        self.ports["gateway"] = port or self.ports["gateway"]
        self.host = f"127.0.0.1:{self.ports['gateway']}"
        self.machine = Machine(self.data, self.ports)
        secret_files.make(self.machine.secrets, self.host, f"127.0.0.1:{self.ports['postgres']}")
        url = f"127.0.0.1:{self.ports['postgres']}"
        password = (self.machine.secrets / "postgres_password").read_text(encoding="utf-8")
        # The port of another start may have been another one.
        (self.machine.secrets / "database_url").write_text(f"postgresql://kho:{password}@{url}/kho", encoding="utf-8")
        self.services = compose.read(PROJECT / "docker-compose.yml", {"KHO_HOST": self.host})
        for service in self.services.values():
            if service.is_kho:
                service.environment.update(settings or {})
        self.children: dict[str, Child] = {}

    def start(self) -> None:
        """Start all, each when those that it needs are ready."""
        self._run_once(self._kho_process("collectstatic", "--noinput", "--verbosity", "0"), "collectstatic")
        for name, service in self.services.items():
            if name == ONCE:
                process = self.machine.process(service)
                self._run_once((list(process.command), process.environment), name)
            else:
                self.start_service(name)

    def start_service(self, name: str) -> None:
        """Start one service and wait until it is ready, without what is left of the last time. NotStarted."""
        if name in self.children:
            self.children[name].stop()
        process = self.machine.process(self.services[name])
        child = Child(name, process.command, environment=self._environment(process.environment))
        child.folder, child.log, child.user = process.folder, self.log(name), process.user
        self.children[name] = child
        child.start()
        deadline = time.monotonic() + READY_SECONDS
        while not self.is_ready(name):
            if not child.is_alive:
                raise NotStarted(f"{name} ended:\n{self.output(name)}")
            if time.monotonic() > deadline:
                raise NotStarted(f"{name} is not ready after {READY_SECONDS} s:\n{self.output(name)}")
            time.sleep(0.1)

    def is_ready(self, name: str) -> bool:
        """Whether a service can do its work, as far as can be seen from outside."""
        checks: dict[str, Callable[[], bool]] = {
            "postgres": self._postgres_answers,
            "redis": self._redis_answers,
            "s3": lambda: self._answers(f"http://127.0.0.1:{self.ports['s3']}/healthz"),
            "gateway": lambda: self._answers(f"http://127.0.0.1:{self.ports['gateway-http']}/gateway/health"),
        }
        if name.startswith(WEB):
            return self._answers(f"http://127.0.0.1:{self.ports[name]}/readyz")
        return checks.get(name, lambda: True)()

    def kill9(self, name: str) -> None:
        """End a service with all its processes at once, as a crash would."""
        child = self.children[name]
        if child.process is not None:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()

    def stop_service(self, name: str) -> None:
        """Ask a service to end, and wait."""
        self.children[name].stop()

    def roll(self) -> None:
        """Restart the web nodes one after the other; the gateway goes on with the rest."""
        for name in [name for name in self.children if name.startswith(WEB)]:
            self.stop_service(name)
            self.start_service(name)

    def stop(self) -> None:
        """Stop all, the last one first."""
        for name in reversed(self.children):
            self.children[name].stop()

    def end(self) -> None:
        """End all at once, as a power cut would; for what nobody needs any more."""
        for name in reversed(self.children):
            self.kill9(name)

    def manage(self, *arguments: str) -> str:
        """Run a management command in the deployment, and return what it printed. NotStarted if it fails."""
        command, environment = self._kho_process(*arguments)
        done = subprocess.run(  # noqa: S603 - our own command
            command,
            env=self._environment(environment),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotStarted(done.stdout + done.stderr)
        return done.stdout.rstrip("\n")

    def log(self, name: str) -> Path:
        """The file that a service's output goes to."""
        return self.data / f"{name}.log"

    def output(self, name: str, lines: int = 40) -> str:
        """The last lines that a service printed."""
        path = self.log(name)
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def environment(self) -> dict[str, str]:
        """The environment of a management command in the deployment."""
        return self._environment(self._kho_process()[1])

    def _kho_process(self, *arguments: str) -> tuple[list[str], dict[str, str]]:
        web: Service = self.services["drainer"]
        return [sys.executable, "manage.py", *arguments], self.machine.process(web).environment

    def _run_once(self, process: tuple[list[str], dict[str, str]], name: str) -> None:
        """Run what ends by itself. NotStarted if it fails."""
        command, environment = process
        with self.log(name).open("ab") as output:
            done = subprocess.run(  # noqa: S603 - our own command
                command,
                env=self._environment(environment),
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise NotStarted(f"{name} failed:\n{self.output(name)}")

    @staticmethod
    def _environment(own: dict[str, str]) -> dict[str, str]:
        """What a process sees: nothing of this shell but where programs are."""
        return {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"PYTHONUNBUFFERED": "1"} | own

    def _answers(self, url: str) -> bool:
        request = urllib.request.Request(url, headers={"Host": self.host})  # noqa: S310 - this machine
        try:
            with DIRECTLY.open(request, timeout=5) as answer:
                return bool(answer.status < 400)
        except (urllib.error.URLError, OSError):
            return False

    def _postgres_answers(self) -> bool:
        """Whether it takes connections; makes Kho's database in a new cluster."""
        import psycopg

        password = (self.machine.secrets / "postgres_password").read_text(encoding="utf-8")
        place = f"host=127.0.0.1 port={self.ports['postgres']} user=kho password={password} connect_timeout=2"
        try:
            with psycopg.connect(f"{place} dbname=postgres", autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'kho'").fetchone():
                    connection.execute("CREATE DATABASE kho")
        except psycopg.OperationalError:
            return False
        return True

    def _redis_answers(self) -> bool:
        from redis import Redis, RedisError

        try:
            with Redis(port=self.ports["redis"], socket_timeout=1, socket_connect_timeout=1) as redis:
                return bool(redis.ping())
        except RedisError:
            return False

    def trusting(self) -> ssl.SSLContext:
        """What a client needs to trust the gateway's certificate."""
        return ssl.create_default_context(cafile=str(self.machine.secrets / "tls_certificate"))
