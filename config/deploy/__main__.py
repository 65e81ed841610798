"""`python -m config.deploy secrets HOST`: make ./secrets for docker-compose.yml.

`python -m config.deploy run [FOLDER]`: the same topology on this machine, without containers, until Ctrl-C. What dies
is started again; SIGHUP restarts the web nodes one by one.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from config.deploy import secret_files
from config.deploy.topology import NotStarted, Topology


def run(folder: Path, port: int) -> int:
    """Start all, look after it, stop it; return the exit code."""
    stops, roll = (signal.SIGINT, signal.SIGTERM), threading.Event()
    for number in stops:
        signal.signal(number, signal.default_int_handler)
    signal.signal(signal.SIGHUP, lambda *_: roll.set())
    topology = Topology(folder, port=port)
    try:
        print(f"Starting {len(topology.services)} services below {topology.data} …", flush=True)
        topology.start()
        _write_manage(topology)
        print(_words(topology), flush=True)
        while True:
            time.sleep(0.5)
            if roll.is_set():
                roll.clear()
                topology.roll()
                print("The web nodes were restarted.", flush=True)
            _look_after(topology)
    except NotStarted as problem:
        print(f"kho: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        for number in stops:
            signal.signal(number, signal.SIG_IGN)
        topology.stop()


def _look_after(topology: Topology) -> None:
    """Start again what has died."""
    for name, child in topology.children.items():
        if not child.is_alive:
            print(f"kho: {name} ended and is started again.", file=sys.stderr, flush=True)
            topology.start_service(name)


def _words(topology: Topology) -> str:
    """Where it is, and what to do first."""
    web = ", ".join(f"http://127.0.0.1:{topology.ports[name]}" for name in topology.children if name.startswith("web-"))
    return (
        f"Kho is ready at https://{topology.host} (its certificate: {topology.machine.secrets / 'tls_certificate'}).\n"
        f"Web nodes behind the gateway: {web}. Logs: {topology.data}/*.log\n"
        f"Make an account:  {topology.data}/manage create_account NAME"
    )


def _write_manage(topology: Topology) -> None:
    """A script that runs management commands in this deployment."""
    path = topology.data / "manage"
    exports = "".join(f"export {name}='{value}'\n" for name, value in sorted(topology.environment().items()))
    folder = Path(__file__).resolve().parent.parent.parent
    path.write_text(f'#!/bin/sh\n{exports}cd {folder} && exec {sys.executable} manage.py "$@"\n', encoding="utf-8")
    path.chmod(0o700)


def main(arguments: list[str]) -> int:
    """Read the command; return the exit code."""
    match arguments:
        case ["secrets", host]:
            made = secret_files.make(Path("secrets"), host)
            print(f"Made in ./secrets: {', '.join(made) or 'nothing, all was there'}.")
            return 0
        case ["run", *rest] if len(rest) < 2:
            return run(Path(rest[0] if rest else "data/production"), int(os.environ.get("PORT", "8443")))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
