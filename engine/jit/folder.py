"""Where compiled code is kept: one folder for each digest of the sources.

numba notices a change in a function's own file only, not in a function or constant that it takes from another
file. In a folder named after a digest of all compiled sources no stale code can be found. The folder is the
first of these that can be written: below NUMBA_CACHE_DIR where that is set, beside the sources, in the
person's own cache folder. What is found there is run, so nobody else may be able to put anything there: the
folder belongs to who runs spymon, is open to nobody else and is no link. Nothing here loads the compiler.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import platformdirs

try:
    import fcntl
except ImportError:  # not a POSIX system: it knows no owners either, and deletes no file that is open
    fcntl = None  # type: ignore[assignment]

PACKAGE = Path(__file__).parents[1]
SETTING = "NUMBA_CACHE_DIR"

SOURCES = (
    "jit/*.py",
    "model/*.py",
    "analytics/*.py",
    "fold/**/*.py",
    "feeds/*/wire/*.py",
    "feeds/simulated/*.py",
    "feeds/transport/*.py",
    "tape/history.py",
    "tape/link.py",
    "views/scope.py",
    "views/view.py",
)
"""Every compiled module of the package, and every module of ours that one takes something from."""

KEPT = 3
"""How many digests' folders stay, the last used first; those of running processes stay besides."""

_DIGITS = 20
_LOCK = "lock"


@cache
def code_root() -> Path | None:
    """Return the folder below which compiled code is kept; None, said once on stderr, if there is none."""
    own = platformdirs.user_cache_path("spymon", appauthor=False)
    root = first_usable(candidates(PACKAGE, os.environ.get(SETTING, ""), own))
    if root is None:
        say_uncached()
    return root


def say_uncached() -> None:
    """Say in one sentence on stderr that compiled code is not kept, and what mends it."""
    sys.stderr.write(
        "spymon: no folder for compiled code can be written, so every start compiles for about a minute; "
        f"set {SETTING} to one that can.\n"
    )


def candidates(package: Path, named: str, own: Path) -> list[Path]:
    """Return where compiled code may be kept, best first.

    named : what NUMBA_CACHE_DIR says, '' if it is not set
    own : spymon's part of the person's cache folder; left out where that is somebody else's, or everybody's
    """
    found = [package / "__pycache__" / "compiled"]
    if named:
        found.insert(0, Path(named).absolute() / "spymon-compiled")
    if own.is_absolute():  # without a home it begins with a ~
        existing = next(each for each in (own, *own.parents) if os.path.exists(each))
        if _is_ours(existing.stat()):
            found.append(own / "compiled")
    return found


def first_usable(folders: Iterable[Path]) -> Path | None:
    """Return the first folder that is ours and can be written, made if need be; None if none can."""
    for folder in folders:
        with suppress(OSError):
            make_private(folder)
            tempfile.TemporaryFile(dir=folder).close()
            return folder
    return None


def make_private(folder: Path) -> None:
    """Make a folder, and what is missing above it, for its owner only; OSError if it fails or is not ours."""
    for each in reversed((folder, *folder.parents)):
        if not os.path.exists(each):
            each.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or not _is_ours(found):
        raise PermissionError(f"{folder} is no folder of our own")


def _is_ours(found: os.stat_result) -> bool:
    if fcntl is None:
        return True
    return found.st_uid == os.geteuid() and not found.st_mode & stat.S_IWOTH


def digest_of(package: Path, versions: Iterable[str]) -> str:
    """Return the digest of everything that compiled code depends on; OSError when there are no sources."""
    paths = sorted({path for pattern in SOURCES for path in package.glob(pattern)})
    if not paths:
        raise FileNotFoundError(f"no sources in {package}")
    digest = sha256("\0".join(versions).encode())
    for path in paths:
        digest.update(f"\0{path.relative_to(package).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:_DIGITS]


def hold(root: Path, digest: str) -> Path:
    """Return a digest's folder, made if need be, and keep others from deleting it while this process runs.

    All but the last used are deleted, unless a process holds them.
    """
    folder = root / digest
    with open(root / _LOCK, "a") as lock:  # so that none is deleted while another process begins to use it
        _lock(lock.fileno())
        make_private(folder)
        os.utime(folder)
        _lock(_open_lock(folder), shared=True)  # never closed: the system does it when the process ends
        _delete_old(root)
    return folder


def _delete_old(root: Path) -> None:
    folders = [path for path in root.iterdir() if path.is_dir()]
    for folder in sorted(folders, key=lambda each: each.stat().st_mtime_ns, reverse=True)[KEPT:]:
        handle = _open_lock(folder)
        if _lock(handle, wait=False):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _open_lock(folder: Path) -> int:
    return os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)


def _lock(handle: int, shared: bool = False, wait: bool = True) -> bool:
    """Lock an open file; False when another process has it. Where nothing can be locked nothing is in use."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        return not isinstance(error, BlockingIOError)
    return True
