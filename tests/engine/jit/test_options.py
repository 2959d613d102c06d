"""A toy package with the engine's own jit room: what is compiled once is found again, unless it is stale."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.jit import folder

NOBODY = 65534

BASE = """
from numba import njit
from ..jit.options import JIT

@njit(**JIT)
def base():
    return {value}
"""

TOP = """
from numba import njit
from ..analytics.base import base
from ..jit.options import JIT

@njit(**JIT)
def top():
    return base() + 1
"""

RUN = """
import os, sys
import numba, platformdirs

sys.path.insert(0, {path!r})
numba.njit(lambda: 0)()  # loads all that the compiler needs
if {uid!r}:
    os.setgroups([])
    os.setgid({uid!r})
    os.setuid({uid!r})
from toy.fold.top import top
print(top(), sum(top.stats.cache_hits.values()))
"""

only_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else"
)


@dataclass(frozen=True)
class Toy:
    """A package of two compiled modules; `home` is a folder of who runs it."""

    root: Path
    home: Path

    def write_base(self, value: int) -> None:
        (self.root / "toy/analytics/base.py").write_text(BASE.format(value=value))

    def run(self, uid: int = 0, **environ: str) -> tuple[str, str]:
        """Return what a process of its own prints, result and cache hits, and what it says on stderr."""
        program = RUN.format(path=str(self.root), uid=uid)
        done = subprocess.run(
            [sys.executable, "-B", "-c", program],
            capture_output=True, text=True, check=True, cwd="/",
            env={"PATH": os.environ["PATH"], **environ},
        )  # fmt: skip
        return done.stdout.strip(), done.stderr.strip()

    def digests(self, root: Path) -> list[Path]:
        return [path for path in root.iterdir() if path.is_dir()]


@pytest.fixture
def toy() -> Iterator[Toy]:
    # Not below pytest's own folder, which is open to nobody else.
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for room in ("", "analytics", "fold"):
            (root / "toy" / room).mkdir()
            (root / "toy" / room / "__init__.py").touch()
        shutil.copytree(
            Path(folder.__file__).parent, root / "toy/jit", ignore=shutil.ignore_patterns("__*__")
        )
        (root / "toy/jit/__init__.py").touch()
        (root / "toy/fold/top.py").write_text(TOP)
        made = Toy(root, root / "home")
        made.home.mkdir()
        made.write_base(1)
        for path in (root, *root.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        yield made


def test_compiled_code_is_found_again_and_a_change_in_another_file_is_noticed(toy: Toy) -> None:
    assert [toy.run() for _ in range(2)] == [("2 0", ""), ("2 1", "")]
    toy.write_base(10)
    assert [toy.run() for _ in range(2)] == [("11 0", ""), ("11 1", "")]
    assert len(toy.digests(toy.root / "toy/__pycache__/compiled")) == 2


def test_a_named_folder_is_used_before_others(toy: Toy) -> None:
    assert toy.run(NUMBA_CACHE_DIR=str(toy.home)) == ("2 0", "")
    assert len(toy.digests(toy.home / "spymon-compiled")) == 1
    assert not (toy.root / "toy/__pycache__").exists()


@only_root
def test_a_read_only_install_is_compiled_into_the_person_s_own_cache_folder(toy: Toy) -> None:
    os.chown(toy.home, NOBODY, NOBODY)
    assert [toy.run(NOBODY, HOME=str(toy.home)) for _ in range(2)] == [("2 0", ""), ("2 1", "")]
    (kept,) = toy.digests(toy.home / ".cache/spymon/compiled")
    assert (kept.stat().st_uid, kept.stat().st_mode & 0o777) == (NOBODY, 0o700)
    assert not (toy.root / "toy/__pycache__").exists()


@only_root
@pytest.mark.parametrize("home", ["", "/nonexistent", "shared"])
def test_without_a_folder_it_runs_uncached_and_says_what_mends_it(toy: Toy, home: str) -> None:
    toy.home.chmod(0o1777)  # where everybody writes nothing is kept, be it called a home
    result, said = toy.run(NOBODY, HOME=home.replace("shared", str(toy.home)))
    assert result == "2 0"
    assert said == (
        "spymon: no folder for compiled code can be written, so every start compiles for about a minute; "
        "set NUMBA_CACHE_DIR to one that can."
    )
    assert not list(toy.home.iterdir())
