"""Looking for a recorder before anything is shown."""

from __future__ import annotations

import time
from pathlib import Path
from socket import socket
from typing import TypeGuard

from ...model.errors import ProviderError
from .protocol import Hello, Message, Unframer
from .socket_file import POSSIBLE, SocketFile

PATIENCE_S = 30.0
"""A recorder reads what it has recorded before it has anything to show."""

_READ = 1 << 16
_LEAST_S = 1e-6
"""A socket takes 0 for no waiting at all."""


def find_recorder(data_dir: Path, patience_s: float = PATIENCE_S) -> Hello | None:
    """Return the greeting of the recorder that runs on a data folder, None when none does.

    ProviderError when it does not answer in time or is of another version, StoreError when it is somebody
    else's.
    """
    connection = SocketFile(data_dir).connect() if POSSIBLE else None
    if connection is None:
        return None
    try:
        with connection:
            return _wait_for_greeting(connection, time.monotonic() + patience_s)
    except ConnectionError:
        return None
    except TimeoutError as error:
        raise ProviderError(
            f"The recorder of {data_dir} runs but has had nothing to show for {patience_s:g} s; try "
            "again, or restart it."
        ) from error


def _wait_for_greeting(connection: socket, until_s: float) -> Hello | None:
    """Return the first greeting that names something, None when the recorder goes; TimeoutError."""
    unframer = Unframer()
    while True:
        connection.settimeout(max(until_s - time.monotonic(), _LEAST_S))
        data = connection.recv(_READ)
        hello = next(filter(_names_something, unframer.feed(data)), None)
        if hello is not None or not data:
            return hello


def _names_something(message: Message) -> TypeGuard[Hello]:
    if not isinstance(message, Hello):
        raise ProviderError("The recorder began without a greeting; restart it with this version.")
    return bool(message.recorded)
