"""A real Kho: web workers, task worker and beat, with its own data folder, port and database."""

import json
import shutil
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.clients.processes import Client, Daemon, free_port

PROJECT: Final = Path(__file__).resolve().parent.parent.parent
DJANGO: Final = "import json, django; django.setup()\nanswer = None\n"


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
        self.manage = Client(sys.executable, "manage.py", env=env, folder=PROJECT)
        self._python = Client(sys.executable, "-c", env=env, folder=PROJECT)
        self.web = Daemon("the web server", self._web_command(), self.folder / "web.log", env=env, folder=PROJECT)
        log = self.folder / "worker.log"
        self.worker = Daemon("the task worker", self._worker_command(), log, env=env, folder=PROJECT)

    def _web_command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"),
            *("--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.workers)),
            *("--blocking-threads", "64", "--no-ws", "--http", "1", "--respawn-failed-workers"),
            *("--workers-kill-timeout", "30"),
        ]

    def _worker_command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "celery", "--app", "config.celery", "worker", "--beat"),
            *("--concurrency", "1", "--loglevel", "INFO"),
        ]

    def prepare(self) -> None:
        """Make or update the tables."""
        self.manage("migrate", "--verbosity", "0")

    def start(self) -> None:
        """Start the web workers and wait until they are ready."""
        self.web.start(self._is_ready)

    def start_worker(self) -> None:
        """Start the task worker with beat."""
        self.worker.start(lambda: " ready." in self.worker.output())

    def _is_ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Stop both, as Ctrl-C does."""
        self.worker.stop(seconds=30)
        self.web.stop(seconds=30)

    def kill9(self) -> None:
        """End the web workers at once; the data stays as they left it."""
        self.web.kill9()

    def close(self) -> None:
        """Stop, and remove the folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def logs(self) -> str:
        """Return what web and task workers printed last."""
        return f"--- web server\n{self.web.output()}\n--- task worker\n{self.worker.output()}"

    def python(self, code: str, **values: Any) -> Any:
        """Run Python with this deployment's settings and the given values; return what the code left in `answer`.

        Values and the answer travel as JSON.
        """
        given = "".join(f"{name} = json.loads({json.dumps(value)!r})\n" for name, value in values.items())
        printed = self._python(f"{DJANGO}{given}{code}\nprint(json.dumps(answer, default=str))")
        return json.loads(printed.splitlines()[-1])

    def get(self, path: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> Answer:
        """Ask over HTTP; redirects are followed, and a status such as 404 is an answer too."""
        request = urllib.request.Request(f"http://{self.host}{path}", headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers.items()), error.read())
