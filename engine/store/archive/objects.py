"""Finished days and snapshots in an S3-compatible bucket, under the names they have on disk.

Owns what makes a copy whole: every file has been read back and compared by size and SHA-256, and only then
a manifest that names them all is written beside them. Whatever lacks its manifest counts as not there, so a
copy that was cut short is gone on with, not begun anew. It refuses to know what the files mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import IO, Protocol

import msgspec
import pyarrow as pa
from pyarrow import fs

from ...model.errors import CredentialError, NoDataError, SpymonError, StoreError
from ..files import date_named, present, replace_folder, scratch, settled_names, sync_path, writing
from ..snapshots import snapshot_files

MANIFEST = "manifest.json"
FINISHED = "meta.json"
"""The file of a day that is there once the day is finished."""

VERSION = 1
"""The version of the manifest; another one is foreign."""

PART_BYTES = 1 << 20
"""Bytes that are moved at a time."""

_AGAIN = "where the day is on disk, spymon archive DATE copies it again."
_REFUSED = frozenset(
    {"ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "INVALID_SIGNATURE", "SIGNATURE_DOES_NOT_MATCH"}
)
_CODE = re.compile(r"AWS Error ([A-Z_]+)")

OnBytes = Callable[[int], None]
"""Told of bytes that have been moved, or need not be."""


class Readable(Protocol):
    """What can be read in parts."""

    def read(self, n: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """Where a bucket is; `endpoint` None is Amazon's own."""

    bucket: str
    endpoint: str | None
    access_key: str
    secret_key: str

    def __repr__(self) -> str:
        return f"Place({self.bucket!r} at {self.endpoint or 'Amazon S3'})"


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that are copied together; `name` is their folder in the bucket."""

    name: str
    files: Mapping[str, Path]

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files.values())


class ObjectEntry(msgspec.Struct, frozen=True):
    """One file of a manifest."""

    bytes: int
    sha256: str


class ObjectManifest(msgspec.Struct, frozen=True):
    """What belongs to a unit, by file name."""

    version: int
    files: dict[str, ObjectEntry]


def connect(place: BucketAddress) -> fs.S3FileSystem:
    """Return the file system of a place; nothing is asked of it yet but Amazon's region of the bucket."""
    with _sentences(place.bucket):
        where = (
            {"endpoint_override": place.endpoint, "region": "us-east-1"}
            if place.endpoint
            else {"region": fs.resolve_s3_region(place.bucket)}
        )
        return fs.S3FileSystem(
            access_key=place.access_key,
            secret_key=place.secret_key,
            connect_timeout=5,
            request_timeout=30,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
            **where,
        )


class ObjectStore:
    """One bucket; every method raises StoreError or CredentialError when it cannot be used."""

    def __init__(self, filesystem: fs.FileSystem, bucket: str) -> None:
        self._fs = filesystem
        self._bucket = bucket

    def days(self) -> dict[date, tuple[str, ...]]:
        """Return the whole days in the bucket and the symbols of each."""
        found: dict[date, list[str]] = {}
        for path in self._names("days"):
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
            with _sentences(self._bucket):
                self._fs.delete_file(key)
        sent = sum(
            self._put(f"{unit.name}/{name}", unit.files[name], entry, on_bytes)
            for name, entry in wanted.files.items()
        )
        if not known:
            with _sentences(self._bucket), self._fs.open_output_stream(key) as stream:
                stream.write(msgspec.json.encode(wanted))
        return sent

    def manifest(self, name: str) -> ObjectManifest | None:
        """Return what a unit in the bucket consists of; None when it is not there, or not whole."""
        key = self._key(name, MANIFEST)
        data = self._read(key)
        try:
            found = None if data is None else msgspec.json.decode(data, type=ObjectManifest)
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
        with _sentences(self._bucket):
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
        with _sentences(self._bucket):
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
            return _measured(stream)

    def _size(self, key: str) -> int | None:
        info = self._fs.get_file_info(key)
        return int(info.size) if info.type == fs.FileType.File else None

    def _read(self, key: str) -> bytes | None:
        with _sentences(self._bucket):
            if self._size(key) is None:
                return None
            with self._fs.open_input_stream(key) as stream:
                return bytes(stream.read())

    def _has(self, name: str, manifest: ObjectManifest) -> bool:
        """Say whether all files of a unit are there, of the size they had."""
        with _sentences(self._bucket):
            infos = self._fs.get_file_info([self._key(name, file) for file in manifest.files])
        return [info.size for info in infos] == [entry.bytes for entry in manifest.files.values()]

    def _names(self, folder: str) -> list[str]:
        """Return the names of all files below a folder, relative to it."""
        with _sentences(self._bucket):
            base = self._key(folder)
            selector = fs.FileSelector(base, allow_not_found=True, recursive=True)
            infos = self._fs.get_file_info(selector)
            if not infos and self._fs.get_file_info(self._bucket).type == fs.FileType.NotFound:
                raise _no_bucket(self._bucket)
            return [info.path[len(base) + 1 :] for info in infos if info.type == fs.FileType.File]

    def _key(self, *parts: str) -> str:
        return "/".join((self._bucket, *parts))


def units(root: Path, day: date | None = None, symbol: str | None = None) -> list[Unit]:
    """Return what below `root` is finished: days, and the snapshots of each day; all, or some."""
    found = [*_days(root), *_snapshots(root)]
    return [unit for unit, its in found if day in (None, its[0]) and symbol in (None, its[1])]


def day_name(day: date, symbol: str) -> str:
    """Return the folder of a day, on disk and in a bucket."""
    return f"days/{day}/{symbol}"


def _days(root: Path) -> Iterator[tuple[Unit, tuple[date, str]]]:
    days = root / "days"
    for name in settled_names(days) if days.is_dir() else ():
        day = date_named(name)
        for symbol in settled_names(days / name) if day is not None else ():
            folder = present(days / name / symbol)
            if day is not None and (folder / FINISHED).is_file():
                files = {path.name: path for path in folder.glob("[!.]*") if path.is_file()}
                yield Unit(day_name(day, symbol), files), (day, symbol)


def _snapshots(root: Path) -> Iterator[tuple[Unit, tuple[date, str]]]:
    found: dict[tuple[date, str], dict[str, Path]] = {}
    for path, symbol, day in snapshot_files(root):
        found.setdefault((day, symbol), {})[path.name] = path
    for (day, symbol), files in sorted(found.items()):
        yield Unit(f"intraday/{symbol}_{day}", files), (day, symbol)


def _entry(path: Path) -> ObjectEntry:
    with path.open("rb") as file:
        return _measured(file)


def _measured(stream: Readable) -> ObjectEntry:
    hasher, size = sha256(), 0
    for part in _parts(stream):
        hasher.update(part)
        size += len(part)
    return ObjectEntry(size, hasher.hexdigest())


def _parts(stream: Readable | IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(PART_BYTES):
        yield part


class UnusableError(StoreError):
    """The whole object store cannot be used, not one file of it."""


def _no_bucket(bucket: str) -> UnusableError:
    return UnusableError(f"The object store has no bucket {bucket}; create it, or mend S3_BUCKET.")


@contextmanager
def _sentences(bucket: str) -> Iterator[None]:
    """Turn what the object store says into one sentence; its own may repeat a key, and is not cited."""
    try:
        yield
    except SpymonError:
        raise
    except pa.ArrowInvalid:
        raise UnusableError(f"S3_BUCKET is no name of a bucket: {bucket!r}; write the bare name.") from None
    except OSError as error:
        if error.filename is not None:  # a file of ours
            raise
        found = _CODE.search(str(error))
        code = found[1] if found else ""
        if code in _REFUSED:
            raise CredentialError(
                f"The object store refuses the keys for {bucket} ({code}); "
                "check S3_ACCESS_KEY and S3_SECRET_KEY."
            ) from None
        if code == "NO_SUCH_BUCKET" or "does not exist" in str(error).lower():
            raise _no_bucket(bucket) from None
        raise UnusableError(
            f"The object store of {bucket} cannot be used ({code or 'no answer'}); "
            "check S3_ENDPOINT and try again."
        ) from None
