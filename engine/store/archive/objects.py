"""Finished days and snapshots in an S3-compatible bucket, under the names they have on disk.

Owns what makes a copy whole: every file has been read back and compared by size and SHA-256, and only then
a manifest that names them all is written beside them. Whatever lacks its manifest counts as not there, so a
copy that was cut short is gone on with, not begun anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol

import msgspec
from pyarrow import fs

from ...model.errors import NoDataError, StoreError
from ..files import date_named, replace_folder, scratch, sync_path, writing
from .bucket import errors_as_sentences, no_bucket
from .units import FINISHED, Unit, day_name

MANIFEST = "manifest.json"

VERSION = 1
"""The version of the manifest; another one is foreign."""

_NOTHING_BYTES = len('{"version":1,"files":{}}')
"""The size of a manifest that names nothing: that and less is none."""

PART_BYTES = 1 << 20
"""Bytes that are moved at a time."""

_AGAIN = "where the day is on disk, spymon archive DATE copies it again."

OnBytes = Callable[[int], None]
"""Told of bytes that have been moved, or need not be."""


class Readable(Protocol):
    """What can be read in parts."""

    def read(self, n: int) -> bytes: ...


class ObjectEntry(msgspec.Struct, frozen=True):
    """One file of a manifest."""

    bytes: int
    sha256: str


class ObjectManifest(msgspec.Struct, frozen=True):
    """What belongs to a unit, by file name."""

    version: int
    files: dict[str, ObjectEntry]


class ObjectStore:
    """One bucket; every method raises StoreError or CredentialError when it cannot be used."""

    def __init__(self, filesystem: fs.FileSystem, bucket: str) -> None:
        self._fs = filesystem
        self._bucket = bucket

    def days(self) -> dict[date, tuple[str, ...]]:
        """Return the whole days in the bucket and the symbols of each."""
        found: dict[date, list[str]] = {}
        for path in self._names("days", _NOTHING_BYTES):
            parts = path.split("/")
            day = date_named(parts[0]) if len(parts) == 3 and parts[2] == MANIFEST else None
            if day is not None:
                found.setdefault(day, []).append(parts[1])
        return {day: tuple(sorted(symbols)) for day, symbols in sorted(found.items())}

    def put(
        self,
        unit: Unit,
        on_bytes: OnBytes = lambda n: None,
        *,
        reread: bool = False,
        check: Callable[[Unit], object] = lambda unit: None,
    ) -> int:
        """Copy what is not there yet, compare it, and return how many bytes were sent.

        reread : compare the content of what is there as well, not its size alone
        check  : called before anything is sent; what it raises ends the copy
        """
        wanted = ObjectManifest(VERSION, {name: _entry(path) for name, path in sorted(unit.files.items())})
        key = self._key(unit.name, MANIFEST)
        there = self._read(key)
        known = there == msgspec.json.encode(wanted)
        if known and not reread and self._has(unit.name, wanted):
            on_bytes(unit.bytes)
            return 0
        check(unit)
        if there is not None and not known:  # what is half replaced must not count as whole
            with errors_as_sentences(self._bucket):
                self._fs.delete_file(key)
        sent = sum(
            self._put(f"{unit.name}/{name}", unit.files[name], entry, on_bytes)
            for name, entry in wanted.files.items()
        )
        if not known:
            with errors_as_sentences(self._bucket), self._fs.open_output_stream(key) as stream:
                stream.write(msgspec.json.encode(wanted))
        return sent

    def manifest(self, name: str) -> ObjectManifest | None:
        """Return what a unit in the bucket consists of; None when it is not there, or not whole."""
        key = self._key(name, MANIFEST)
        data = self._read(key)
        try:
            found = msgspec.json.decode(data, type=ObjectManifest) if data else None
        except msgspec.DecodeError as error:
            raise StoreError(f"{key} is damaged or foreign ({error}); {_AGAIN}") from error
        if found is not None and found.version != VERSION:
            raise StoreError(f"{key} is of version {found.version}, this spymon reads {VERSION}.")
        return found

    def day_bytes(self, day: date, symbol: str) -> int:
        """Return how large a day in the bucket is, 0 when it is not there."""
        manifest = self.manifest(day_name(day, symbol))
        return sum(entry.bytes for entry in manifest.files.values()) if manifest else 0

    def get_day(self, root: Path, day: date, symbol: str, on_bytes: OnBytes = lambda n: None) -> None:
        """Bring a day to the day files below `root`, where it appears whole or not at all."""
        name = day_name(day, symbol)
        manifest = self.manifest(name)
        if manifest is None:
            raise NoDataError(f"The object store {self._bucket} has no {day} of {symbol}.")
        if FINISHED not in manifest.files:
            raise StoreError(f"{name}/{MANIFEST} names no {FINISHED}, so that is no finished day.")
        with scratch(root) as folder, writing(root):
            fresh = folder / symbol
            fresh.mkdir()
            for file, entry in manifest.files.items():
                if Path(file).name != file:
                    raise StoreError(f"{name}/{MANIFEST} names {file!r}, which is no file of a day.")
                self._get(f"{name}/{file}", fresh / file, entry, on_bytes)
            replace_folder(fresh, root / name)

    def _put(self, name: str, path: Path, entry: ObjectEntry, on_bytes: OnBytes) -> int:
        """Copy one file unless it is there already; return the bytes that were sent."""
        key = self._key(name)
        with errors_as_sentences(self._bucket):
            if self._size(key) == entry.bytes and self._hash(key) == entry:
                on_bytes(entry.bytes)
                return 0
            with path.open("rb") as file, self._fs.open_output_stream(key) as stream:
                for part in _parts(file):
                    stream.write(part)
                    on_bytes(len(part))
            if self._hash(key) != entry:
                raise StoreError(f"{key} came back from the object store otherwise than it went; copy again.")
        return entry.bytes

    def _get(self, name: str, path: Path, entry: ObjectEntry, on_bytes: OnBytes) -> None:
        key = self._key(name)
        with errors_as_sentences(self._bucket):
            if self._size(key) is None:
                raise StoreError(f"{key} is gone from the object store; {_AGAIN}")
            with self._fs.open_input_stream(key) as stream, path.open("wb") as file:
                for part in _parts(stream):
                    file.write(part)
                    on_bytes(len(part))
        sync_path(path)
        if _entry(path) != entry:
            raise StoreError(f"{key} is not what was copied there; {_AGAIN}")

    def _hash(self, key: str) -> ObjectEntry:
        with self._fs.open_input_stream(key) as stream:
            return _measure(stream)

    def _size(self, key: str) -> int | None:
        info = self._fs.get_file_info(key)
        return int(info.size) if info.type == fs.FileType.File else None

    def _read(self, key: str) -> bytes | None:
        with errors_as_sentences(self._bucket):
            if self._size(key) is None:
                return None
            with self._fs.open_input_stream(key) as stream:
                return bytes(stream.read())

    def _has(self, name: str, manifest: ObjectManifest) -> bool:
        """Say whether all files of a unit are there, of the size they had."""
        with errors_as_sentences(self._bucket):
            infos = self._fs.get_file_info([self._key(name, file) for file in manifest.files])
        return [info.size for info in infos] == [entry.bytes for entry in manifest.files.values()]

    def _names(self, folder: str, above_bytes: int = 0) -> list[str]:
        """Return the names of all files below a folder that are larger, relative to it."""
        with errors_as_sentences(self._bucket):
            base = self._key(folder)
            selector = fs.FileSelector(base, allow_not_found=True, recursive=True)
            infos = self._fs.get_file_info(selector)
            if not infos and self._fs.get_file_info(self._bucket).type == fs.FileType.NotFound:
                raise no_bucket(self._bucket)
            files = (info for info in infos if info.type == fs.FileType.File and info.size > above_bytes)
            return [info.path[len(base) + 1 :] for info in files]

    def _key(self, *parts: str) -> str:
        return "/".join((self._bucket, *parts))


def _entry(path: Path) -> ObjectEntry:
    with path.open("rb") as file:
        return _measure(file)


def _measure(stream: Readable) -> ObjectEntry:
    hasher, size = sha256(), 0
    for part in _parts(stream):
        hasher.update(part)
        size += len(part)
    return ObjectEntry(size, hasher.hexdigest())


def _parts(stream: Readable | IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(PART_BYTES):
        yield part
