"""A deployment whose task workers, beat and broker die as a test wants."""

import shutil
from pathlib import Path
from typing import Final

from config import serve, wiring
from tests.clients.processes import Daemon, free_port
from tests.clients.server import Server

LEASE_SECONDS: Final = 6
"""After which the work of a task worker that died is taken up by another one."""


class Workplace(Server):
    """A deployment with as many task workers as a test wants, and a broker, `files` or `redis`, that may go."""

    def __init__(self, folder: Path, database_url: str, broker: str, settings: str, **more: str) -> None:
        self.redis_port = free_port()
        known = {"DJANGO_SETTINGS_MODULE": settings, "KHO_TASK_LEASE_SECONDS": str(LEASE_SECONDS), **more}
        if broker == "redis":
            known["REDIS_URL"] = f"redis://127.0.0.1:{self.redis_port}/0"
        super().__init__(folder, database_url, known)
        command = ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        self.redis = (
            Daemon("Redis", [*command, "--dir", str(folder)], folder / "redis.log") if broker == "redis" else None
        )
        others = tuple(queue for queue in wiring.QUEUES if queue != "maintenance")
        self.more = [self.worker_of(others), self.worker_of(("maintenance",))]

    def worker_of(self, queues: tuple[str, ...]) -> Daemon:
        """Another worker, for some queues."""
        return self._daemon(f"worker of {queues[0]}", serve.worker(queues, concurrency=2), self.env)

    def start_broker(self) -> None:
        """Start it, empty."""
        if self.redis:
            self.redis.start(lambda: "Ready to accept connections" in self.redis.output() if self.redis else True)
        else:
            (self.data / "broker" / "queue").mkdir(parents=True, exist_ok=True)

    def lose_broker(self) -> None:
        """Let it be gone with all that it had."""
        if self.redis:
            self.redis.kill9()
            self.redis.log.unlink()
        else:
            shutil.rmtree(self.data / "broker", ignore_errors=True)

    def empty_broker(self) -> None:
        """Take away all that waits there; Redis dies for that, and comes back."""
        if self.redis:
            self.lose_broker()
            self.start_broker()
        else:
            for message in (self.data / "broker" / "queue").iterdir():
                message.unlink(missing_ok=True)

    def end(self) -> None:
        """End everything."""
        for each in (*self.more, self.worker, self.beat, self.web, self.redis):
            if each:
                each.kill9()
        self.stop()
