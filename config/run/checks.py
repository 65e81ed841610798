"""What can be wrong before anything is started; each ends the start with one line."""

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

from config.run.options import Options


class CannotStart(SystemExit):
    """Kho can't start; the message says why, and what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(f"kho: {why}")


def take_folder(folder: Path) -> IO[str]:
    """Hold the data folder for this run; what is returned must be kept open as long."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise CannotStart(
            f"the folder {folder} can't be written ({error.strerror}); name another in KHO_DATA."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotStart(f"another Kho is using the folder {folder}; stop it, or name another in KHO_DATA.") from error
    os.set_inheritable(lock.fileno(), False)
    return lock


def require_free_port(options: Options) -> None:
    """Try to listen, without sharing the port as the web server would."""
    family = socket.AF_INET6 if ":" in options.bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((options.bind, options.port))
            trial.listen()
        except OSError as error:
            raise CannotStart(
                f"port {options.port} of {options.bind} can't be used ({error.strerror}); name another in PORT."
            ) from error
