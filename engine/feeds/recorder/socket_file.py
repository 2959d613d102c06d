"""Where a recorder can be reached: `run/recorder.sock` below its data folder, for its own user alone.

Owns the folder, the lock that says a recorder lives, and the socket's name, which a system limits to about
a hundred bytes.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ...model.errors import BusyError, StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system: it has no unix sockets either
    fcntl = None  # type: ignore[assignment]

POSSIBLE = hasattr(socket, "AF_UNIX")
"""Whether this system has what a recorder is reached by."""

_LONGEST = 100
"""Bytes of a socket's name that every system takes; the shortest limit is 104."""


class SocketFile:
    """The meeting point of one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "run"
        self.socket = self.folder / "recorder.sock"
        self.lock = self.folder / "recorder.lock"

    def prepare(self) -> None:
        """Make the folder; StoreError when nothing can be written there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise self._unwritable(error) from error

    def claim(self) -> IO[str]:
        """Return the lock, held until it is closed; BusyError when a living recorder has it."""
        try:
            file = self.lock.open("a+", encoding="ascii")
        except OSError as error:
            raise self._unwritable(error) from error
        if self._is_taken(file):
            pid = _pid_in(file)
            file.close()
            raise BusyError(
                f"A recorder (pid {pid}) already runs on the data folder {self.data_dir}; start "
                "spymon without record to watch it, or stop it first."
            )
        with suppress(OSError):  # on a full disk nobody is told the number, and that is all
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), str(os.getpid()).encode())
        return file

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The data folder {self.data_dir} cannot be written ({error.strerror or error}); "
            "mend that or choose another one with --data-dir."
        )

    def _is_taken(self, lock: IO[str]) -> bool:
        """Lock a file unless another process has it; where it cannot be locked, ask whether one answers."""
        try:
            return _is_locked(lock)
        except OSError:
            return self.is_reachable()

    def listen(self) -> socket.socket:
        """Return the listening socket in place of one that a killed recorder left; the lock must be held.

        StoreError when no screen could reach it, or somebody else could.
        """
        if not POSSIBLE:
            raise StoreError("This system has no unix sockets.")
        self._close_to_others()
        listening = socket.socket(socket.AF_UNIX)
        try:
            self.socket.unlink(missing_ok=True)
            with self._short() as name:
                listening.bind(name)
            self.socket.chmod(0o600)
            listening.listen()
        except OSError as error:
            listening.close()
            raise unusable(self.socket, error) from error
        listening.setblocking(False)
        return listening

    def connect(self) -> socket.socket | None:
        """Return a connection to the recorder, None when none runs; StoreError when it is somebody else's."""
        speaking = socket.socket(socket.AF_UNIX)
        try:
            with self._short() as name:
                speaking.connect(name)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            speaking.close()
            return None
        except OSError as error:
            speaking.close()
            raise unusable(self.socket, error) from error
        return speaking

    def _close_to_others(self) -> None:
        """Let none but this user into the folder; StoreError when it is another's or stays open."""
        try:
            found = self.folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise StoreError(f"{self.folder} is not this user's own folder; move it away.")
            self.folder.chmod(0o700)
            if stat.S_IMODE(self.folder.stat().st_mode) != 0o700:
                raise StoreError(f"{self.folder} cannot be closed to others.")
        except OSError as error:
            raise unusable(self.folder, error) from error

    def is_reachable(self) -> bool:
        """Say whether a recorder answers; StoreError when it is somebody else's."""
        connection = self.connect()
        if connection is not None:
            connection.close()
        return connection is not None

    def recorder(self) -> str | None:
        """Return the pid of the recorder that has the lock, None when none has."""
        try:
            with self.lock.open("r", encoding="ascii") as file:
                return _pid_in(file) if _is_locked(file) else None
        except OSError:
            return None

    @contextmanager
    def _short(self) -> Iterator[str]:
        """Lend a name of the socket that is short enough to be one, by way of a link for long folders."""
        if len(os.fsencode(self.socket)) <= _LONGEST:
            yield str(self.socket)
            return
        with tempfile.TemporaryDirectory(prefix="spymon-") as name:
            link = Path(name) / "run"
            link.symlink_to(self.folder.absolute())
            yield str(link / self.socket.name)


def is_reachable(data_dir: Path) -> bool:
    """Say whether a recorder runs on a data folder; StoreError when no screen can reach it."""
    socket_file = SocketFile(data_dir)
    if POSSIBLE and socket_file.is_reachable():
        return True
    pid = socket_file.recorder()
    if pid is not None:
        raise StoreError(
            f"A recorder (pid {pid}) runs on the data folder {data_dir}, but no screen can reach it there; "
            "stop it, or choose another folder with --data-dir."
        )
    return False


def _is_locked(file: IO[str]) -> bool:
    """Lock an open file and say False, unless another process has it; OSError where there are no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _pid_in(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read().strip() or "unknown"


def unusable(path: Path, error: OSError) -> StoreError:
    """Return the sentence for something below `run` that cannot be used."""
    return StoreError(
        f"{path} cannot be used ({error.strerror or error}); it is how screens reach the recorder of this "
        "data folder."
    )


def is_own(connection: socket.socket) -> bool:
    """Say whether this user, or root, is at the other end; True where the system cannot tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", peer)
    return uid in (0, os.getuid())
