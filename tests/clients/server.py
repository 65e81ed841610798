"""A real Kho: web workers, task worker and beat, with its own data folder, port and database."""

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from config.run import processes
from config.run.options import Options
from config.serve import DIRECTLY
from tests.clients import postgresql
from tests.clients.processes import Daemon, free_port
from tests.clients.ready import CODE, MANAGE, Ready, ReadyClient

PROJECT: Final = Path(__file__).resolve().parent.parent.parent
DJANGO: Final = "import json\nanswer = None\n"


_new_tables: Final[dict[str, bytes]] = {}
"""What migrations make of an empty database of each kind."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


@dataclass
class Server:
    """One deployment. `start` makes or updates its tables; its folder and database outlive `stop` and `kill9`."""

    folder: Path
    database_url: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    workers: int = 2

    def __post_init__(self) -> None:
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.data = self.folder / "data"
        self.data.mkdir(parents=True)
        env = {
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "KHO_DATA": str(self.data),
            "PORT": str(self.port),
            "KHO_BIND": "127.0.0.1",
            "PYTHONUNBUFFERED": "1",
            **({"DATABASE_URL": self.database_url} if self.database_url else {}),
            **self.settings,
        }
        self.env = env
        self._ready = Ready(env, PROJECT)
        self.manage = ReadyClient(self._ready, MANAGE)
        self._python = ReadyClient(self._ready, CODE)
        self.web = self._daemon("web server", self._web_command(), env)
        self.worker = self._daemon("task worker", self._as_in_production()["task worker"], env)
        self.beat = self._daemon("beat", self._as_in_production()["beat"], env)

    def _daemon(self, name: str, command: Sequence[str], env: dict[str, str]) -> Daemon:
        return Daemon(f"the {name}", command, self.folder / f"{name.replace(' ', '-')}.log", env=env, folder=PROJECT)

    def _as_in_production(self) -> dict[str, list[str]]:
        """The commands of `make run`, by name."""
        options = Options("127.0.0.1", self.port, False, "", "", "", "", "")
        return {child.name: list(child.command) for child in processes.children(options)}

    def _web_command(self) -> list[str]:
        command = self._as_in_production()["web server"]
        command[command.index("--workers") + 1] = str(self.workers)
        return command

    def prepare(self) -> None:
        """Make or update the tables; migrations run for the first deployment of a process, others take what it has."""
        if not self._is_empty():
            self.manage("migrate", "--verbosity", "0")
            return
        kind = "postgresql" if self.database_url else "sqlite"
        if kind not in _new_tables:
            self.manage("migrate", "--verbosity", "0")
            _new_tables[kind] = self._tables()
        elif self.database_url:
            postgresql.restore(self.database_url, _new_tables[kind])
        else:
            self._file.write_bytes(_new_tables[kind])

    @property
    def _file(self) -> Path:
        """SQLite's."""
        return self.data / "kho.sqlite3"

    def _is_empty(self) -> bool:
        return postgresql.is_empty(self.database_url) if self.database_url else not self._file.exists()

    def _tables(self) -> bytes:
        return postgresql.dump(self.database_url) if self.database_url else self._file.read_bytes()

    def start(self) -> None:
        """Start the web workers and wait until they are ready."""
        self.web.start(self._is_ready)

    def start_worker(self) -> None:
        """Start the task worker and beat; they say nothing when they are ready."""
        self.worker.start(lambda: True)
        self.beat.start(lambda: True)

    def _is_ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Stop all, as Ctrl-C does."""
        with ExitStack() as stops:
            stops.callback(self._ready.close)
            for each in (self.web, self.worker, self.beat):
                stops.callback(each.stop, seconds=30)

    def kill9(self) -> None:
        """End the web workers at once; the data stays as they left it."""
        self.web.kill9()

    def close(self) -> None:
        """Stop, and remove the folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def logs(self) -> str:
        """Return what web server, task worker and beat printed last."""
        return "\n".join(f"--- {each.name}\n{each.output()}" for each in (self.web, self.worker, self.beat))

    def python(self, code: str, *, timeout: float = 300, **values: Any) -> Any:
        """Run Python with this deployment's settings and the given values; return what the code left in `answer`.

        Values and the answer travel as JSON.
        """
        given = "".join(f"{name} = json.loads({json.dumps(value)!r})\n" for name, value in values.items())
        printed = self._python(f"{DJANGO}{given}{code}\nprint(json.dumps(answer, default=str))", timeout=timeout)
        return json.loads(printed.splitlines()[-1])

    def get(self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> Answer:
        """Ask over HTTP; redirects are followed, and a status such as 404 is an answer too."""
        request = urllib.request.Request(f"http://{self.host}{path}", headers=headers or {}, method=method)
        try:
            with DIRECTLY.open(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers.items()), error.read())
