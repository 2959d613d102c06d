"""Starts a command, waits for it, and writes down what it used: `starter PRINTED USED COMMAND …`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main(printed: Path, used: Path, command: list[str]) -> None:
    """Run the command with its output in `printed`; write seconds and peak memory to `used`, as JSON."""
    began = time.perf_counter()
    with printed.open("wb") as out:
        child = subprocess.Popen(command, stdout=out)
        _, status, rusage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    facts = {
        "wall_s": time.perf_counter() - began,
        "cpu_s": rusage.ru_utime + rusage.ru_stime,
        "maxrss": rusage.ru_maxrss,
        "exit_code": child.returncode,
    }
    used.write_text(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
