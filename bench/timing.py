"""Measuring: processor time, medians, and child processes with what they used.

Processor time where only one thread works, because other work on the machine does not count in it; wall time
where a person waits.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
_SHELL_ONLY = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "NO_COLOR", "NUMBA_DISABLE_JIT")


@dataclass(frozen=True, slots=True)
class Used:
    """What a child process took: seconds of wall and processor, most memory in MB, and what it printed."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    out: bytes


def cpu_s(work: Callable[[], object]) -> float:
    """Return the processor seconds that `work` takes in this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` percent of the values do not exceed."""
    return float(np.percentile(values, share))


def clean_environ(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which spymon runs from this tree, in a local terminal, with no settings."""
    kept = {k: v for k, v in os.environ.items() if k not in _SHELL_ONLY and not k.startswith("SPYMON_")}
    return {**kept, "HOME": str(home), "XDG_CONFIG_HOME": str(home), "PYTHONPATH": str(ROOT), **extra}


def spymon_command() -> list[str]:
    """Return how to start spymon: the installed script beside this Python, else its entry point."""
    script = Path(sys.executable).with_name("spymon")
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", "import sys; from tui.cli.main import main; sys.exit(main())"]


def run(command: Sequence[str], folder: Path, extra: Mapping[str, str] | None = None) -> Used:
    """Run a command in `folder` to its end; RuntimeError when it fails.

    A small process starts it: a child's peak memory begins at that of whoever started it.
    """
    printed, used = folder / "printed", folder / "used.json"
    starter = [sys.executable, "-m", "bench.starter", str(printed), str(used), *command]
    subprocess.run(starter, cwd=folder, env=clean_environ(folder, extra or {}), check=True)
    found = json.loads(used.read_text())
    if found["exit_code"]:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {found['exit_code']}")
    return Used(found["wall_s"], found["cpu_s"], peak_mb(found["maxrss"]), printed.read_bytes())


def peak_mb(maxrss: int) -> float:
    """Return `ru_maxrss` in MB; Linux counts in KiB, macOS in bytes."""
    return maxrss / 1e6 if sys.platform == "darwin" else maxrss * 1024 / 1e6
