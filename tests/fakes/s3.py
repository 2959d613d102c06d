"""A real S3 server, moto's, in a process of its own on loopback.

    with s3_server() as endpoint:
        …

Run as a program it serves until its input closes, and prints its address first.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STRICT = "INITIAL_NO_AUTH_ACTION_COUNT"
"""Set to a number of requests, moto checks the keys of every later one."""


@contextmanager
def s3_server(lenient: int | None = None) -> Iterator[str]:
    """Run a server and yield its endpoint; keys are checked after `lenient` requests, never without."""
    environ = {name: text for name, text in os.environ.items() if name != STRICT}
    if lenient is not None:
        environ[STRICT] = str(lenient)
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", str(Path(__file__))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environ,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _serve() -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    _serve()
