"""Whole chunks of a live tape on disk, so that a long day needs no more memory than a short one.

Owns a file that nobody else can see and that is gone with the process.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path

import numpy as np

from ...model.errors import StoreError
from ...model.events import EVENT, Events
from ...tape.live_tape import CHUNK


class FileSpool:
    """A `Spool` in one unlinked file of a folder; chunk i lies at i times the size of a chunk.

    folder : must be there once the first chunk is put; nothing is made before
    chunk  : events of a chunk
    """

    def __init__(self, folder: Path, chunk: int = CHUNK) -> None:
        self._folder, self._chunk = folder, chunk
        self._descriptor: int | None = None

    def put(self, chunk: int, events: Events) -> bool:
        """Take a chunk away; False when the disk refuses it."""
        if len(events) != self._chunk:
            raise ValueError(f"a spool of chunks of {self._chunk} events was given {len(events)}")
        left, at = memoryview(events.tobytes()), self._offset(chunk)
        try:
            file = self._open_file()
            while left:
                done = os.pwrite(file, left, at)
                left, at = left[done:], at + done
        except OSError:
            return False
        return True

    def get(self, chunk: int) -> Events:
        """Return a chunk that was taken; StoreError when it cannot be read back."""
        assert self._descriptor is not None, "only a chunk that was put can be had"
        size, found = self._chunk * EVENT.itemsize, bytearray()
        try:
            while part := os.pread(self._descriptor, size - len(found), self._offset(chunk) + len(found)):
                found += part
        except OSError as error:
            raise StoreError(f"The live day's file in {self._folder} cannot be read: {error}.") from error
        if len(found) < size:
            raise StoreError(f"The live day's file in {self._folder} has become shorter; restart spymon.")
        return np.frombuffer(found, EVENT)

    def _open_file(self) -> int:
        """Open the file unless it is open, and return its descriptor, which is closed with the spool."""
        if self._descriptor is None:
            with tempfile.TemporaryFile(prefix="spool-", dir=self._folder) as file:
                self._descriptor = os.dup(file.fileno())
            weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    def _offset(self, chunk: int) -> int:
        return chunk * self._chunk * EVENT.itemsize
