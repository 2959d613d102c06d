"""Looking for a recorder before anything is shown."""

from __future__ import annotations

from pathlib import Path

from ...errors import ProviderError
from .place import POSSIBLE, Place
from .protocol import Hello, Unframer

PATIENCE_S = 5.0

_READ = 1 << 16


def find_recorder(data_dir: Path, patience_s: float = PATIENCE_S) -> Hello | None:
    """Return the greeting of the recorder that runs on a data folder, None when none does.

    ProviderError when it does not answer or is of another version, StoreError when it is somebody else's.
    """
    connection = Place(data_dir).connect() if POSSIBLE else None
    if connection is None:
        return None
    unframer = Unframer()
    with connection:
        connection.settimeout(patience_s)
        try:
            while data := connection.recv(_READ):
                for message in unframer.feed(data):
                    return _greeting(message)
        except TimeoutError as error:
            raise ProviderError(
                f"The recorder of {data_dir} runs but has not answered for {patience_s:g} s; restart it."
            ) from error
        except ConnectionError:
            return None
    return None


def _greeting(message: object) -> Hello:
    if not isinstance(message, Hello):
        raise ProviderError("The recorder began without a greeting; restart it with this version.")
    return message
