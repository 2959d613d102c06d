"""Writing without ever leaving something half-written.

Owns atomic replacement of a file and of a folder, and scratch folders that vanish with their process.

A folder is replaced by two renames. A reader that looks between them finds the previous folder under its
set-aside name, see `present`, so at every moment exactly one whole version can be read.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import IO, Any

from ..model.errors import StoreError

try:
    import fcntl
except ImportError:  # not a POSIX system: leftovers of killed processes then stay until someone deletes them
    fcntl = None  # type: ignore[assignment]

RECORDING = re.compile(r"([A-Z0-9.]{1,8})-(\d{6})\.arrows")
"""The name of a recording's file: its symbol, and when it was begun."""

_SCRATCH = ".scratch-"
_LOCK = "lock"

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)
"""What file systems say that cannot flush a folder."""

LOCKS = fcntl is not None
"""Whether this system knows the locks that `claim` asks for."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn any failure to write below `folder` into a StoreError with one sentence."""
    try:
        yield
    except OSError as error:
        # Arrow puts its own words, and the number, where others have the system's sentence.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StoreError(
            f"The data folder {folder} cannot be written ({reason}); "
            "mend that or choose another one with --data-dir."
        ) from error


def write_text(path: Path, text: str) -> None:
    """Replace a file's content in one step; OSError when that fails, the old content then stays."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file's content in one step; OSError when that fails, the old content then stays."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            sync(file)
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_folder(new: Path, target: Path) -> None:
    """Put the finished folder `new` where `target` is; the old one is deleted after that."""
    aside = _aside(target)
    sync_folder(new)
    make_folder(target.parent)
    if target.exists():
        shutil.rmtree(aside, ignore_errors=True)
        os.rename(target, aside)
    os.rename(new, target)
    sync_folder(target.parent)
    shutil.rmtree(aside, ignore_errors=True)


def present(target: Path) -> Path:
    """Return where the folder can be read now: `target`, or its previous version after a kill mid-swap."""
    aside = _aside(target)
    return aside if not target.exists() and aside.exists() else target


def is_at(file: IO[Any], path: Path) -> bool:
    """Say whether that open file still has that name: its last owner may have cleared it away meanwhile."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def settled_names(folder: Path) -> list[str]:
    """Return the names of what stands in a folder, ascending; set-aside folders under their own name."""
    names = {path.name for path in folder.iterdir()}
    aside = {name[1:-4] for name in names if name.startswith(".") and name.endswith(".old")}
    return sorted({name for name in names if not name.startswith(".")} | aside)


def date_named(name: str) -> date | None:
    """Return the date that a folder's name is; None when it is none."""
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def sync(file: IO[str] | IO[bytes]) -> None:
    """Flush a file down to the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_path(path: Path) -> None:
    """Flush a closed file down to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, where the system knows how to; OSError when the disk fails."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # a system that opens no folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and whatever is missing above it, so that a power cut leaves them; OSError."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in made:
        sync_folder(each.parent)


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """Yield an empty folder below `root` that is gone afterwards; those of killed processes go too."""
    with writing(root):
        make_folder(root)
        _sweep(root)
        folder, lock = _make_own_folder(root)
    try:
        with lock:
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_own_folder(root: Path) -> tuple[Path, IO[str]]:
    """Make a folder and lock it; one that was swept away before it was locked is given up."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=root))
        lock = (folder / _LOCK).open("w")
        if not LOCKS or (claim(lock) and (folder / _LOCK).exists()):
            return folder, lock
        lock.close()


def _sweep(root: Path) -> None:
    """Delete the folders of killed processes; one still without a lock is being made right now."""
    for folder in root.glob(f"{_SCRATCH}*"):
        with suppress(OSError), (folder / _LOCK).open("r+") as lock:
            if claim(lock):  # held until the folder is gone
                shutil.rmtree(folder, ignore_errors=True)


def claim(lock: IO[str] | IO[bytes]) -> bool:
    """Lock an open file until it is closed or its process ends; False when another has it, or never."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_claimed(lock: IO[str] | IO[bytes]) -> bool:
    """Say whether a living process has locked an open file; False where the system knows no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(lock, fcntl.LOCK_UN)
    return False


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")
