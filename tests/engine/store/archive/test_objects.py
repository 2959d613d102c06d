"""The object store, against a real S3 server: what is copied is compared, whole, and comes back the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from pyarrow import fs

from engine.model.errors import CredentialError, NoDataError, StoreError
from engine.store.archive.bucket import BucketAddress, connect
from engine.store.archive.objects import MANIFEST, ObjectStore
from engine.store.archive.units import Unit, units
from tests.fakes.s3 import s3_server

DAY = date(2025, 12, 16)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def bucket(endpoint: str) -> str:
    name = f"days-{uuid4().hex}"
    connect_to(endpoint, name).create_dir(name)
    return name


@pytest.fixture
def s3(endpoint: str, bucket: str) -> fs.S3FileSystem:
    return connect_to(endpoint, bucket)


@pytest.fixture
def store(s3: fs.S3FileSystem, bucket: str) -> ObjectStore:
    return ObjectStore(s3, bucket)


def connect_to(endpoint: str, bucket: str) -> fs.S3FileSystem:
    """Return a file system that may make buckets; the product's own never does."""
    connect(BucketAddress(bucket, endpoint, "access", "secret"))
    return fs.S3FileSystem(
        access_key="access", secret_key="secret", endpoint_override=endpoint, region="us-east-1",
        allow_bucket_creation=True,
    )  # fmt: skip


def make_day(root: Path, symbol: str = "SPY", tape: bytes = b"tape" * 5_000_000) -> Path:
    folder = root / "days" / DAY.isoformat() / symbol
    folder.mkdir(parents=True)
    (folder / "tape.parquet").write_bytes(tape)
    (folder / "contracts.parquet").write_bytes(b"contracts")
    (folder / "meta.json").write_text("{}")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_day_comes_back_as_it_went(store: ObjectStore, tmp_path: Path) -> None:
    folder = make_day(tmp_path / "here")
    (unit,) = units(tmp_path / "here")

    assert store.put(unit) == unit.bytes
    assert store.days() == {DAY: ("SPY",)}
    told: list[int] = []
    store.get_day(tmp_path / "there", DAY, "SPY", told.append)

    assert contents(tmp_path / "there" / "days" / DAY.isoformat() / "SPY") == contents(folder)
    assert sum(told) == unit.bytes == store.day_bytes(DAY, "SPY")


def test_what_is_there_is_not_sent_again(store: ObjectStore, tmp_path: Path) -> None:
    make_day(tmp_path)
    (unit,) = units(tmp_path)
    store.put(unit)

    assert store.put(unit) == 0


def test_a_copy_that_was_cut_short_is_gone_on_with(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    folder = make_day(tmp_path)
    (unit,) = units(tmp_path)
    with closing(s3.open_output_stream(f"{bucket}/{unit.name}/tape.parquet")) as stream:
        stream.write((folder / "tape.parquet").read_bytes())

    assert store.days() == {}
    with pytest.raises(NoDataError, match="has no 2025-12-16 of SPY"):
        store.get_day(tmp_path / "there", DAY, "SPY")
    assert store.put(unit) == unit.bytes - (folder / "tape.parquet").stat().st_size
    assert store.days() == {DAY: ("SPY",)}


def test_an_object_of_the_same_size_and_another_content_is_replaced(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    folder = make_day(tmp_path, tape=b"right")
    (unit,) = units(tmp_path)
    with closing(s3.open_output_stream(f"{bucket}/{unit.name}/tape.parquet")) as stream:
        stream.write(b"wrong")

    store.put(unit)
    store.get_day(tmp_path / "there", DAY, "SPY")

    assert contents(tmp_path / "there" / "days" / DAY.isoformat() / "SPY") == contents(folder)


def test_what_is_gone_or_cut_there_is_sent_again(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    folder = make_day(tmp_path / "here", tape=b"right")
    (unit,) = units(tmp_path / "here")
    store.put(unit)
    s3.delete_file(f"{bucket}/{unit.name}/tape.parquet")
    with pytest.raises(
        StoreError, match=r"tape.parquet is gone from the object store; where the day is on disk"
    ):
        store.get_day(tmp_path / "there", DAY, "SPY")
    with closing(s3.open_output_stream(f"{bucket}/{unit.name}/meta.json")) as stream:
        stream.write(b"{")

    assert store.put(unit) == len(b"right") + len(b"{}")
    store.get_day(tmp_path / "there", DAY, "SPY")
    assert contents(tmp_path / "there" / "days" / DAY.isoformat() / "SPY") == contents(folder)


def test_what_was_changed_there_is_found_by_reading_it_again(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    make_day(tmp_path, tape=b"right")
    (unit,) = units(tmp_path)
    store.put(unit)
    with closing(s3.open_output_stream(f"{bucket}/{unit.name}/tape.parquet")) as stream:
        stream.write(b"wrong")

    assert store.put(unit) == 0
    assert store.put(unit, reread=True) == len(b"right")
    assert store.put(unit, reread=True) == 0


def test_a_damaged_manifest_is_written_again(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    make_day(tmp_path, tape=b"right")
    (unit,) = units(tmp_path)
    store.put(unit)
    with closing(s3.open_output_stream(f"{bucket}/{unit.name}/{MANIFEST}")) as stream:
        stream.write(b"no json")

    assert store.put(unit) == 0
    assert store.manifest(unit.name) is not None


def test_nothing_is_sent_of_what_does_not_pass(store: ObjectStore, tmp_path: Path) -> None:
    def refuse(unit: Unit) -> None:
        raise StoreError(f"{unit.name} is damaged")

    make_day(tmp_path)
    (unit,) = units(tmp_path)
    with pytest.raises(StoreError, match="days/2025-12-16/SPY is damaged"):
        store.put(unit, check=refuse)
    assert store.days() == {}
    store.put(unit)
    assert store.put(unit, check=refuse) == 0, "what is there need not be looked at"


def test_a_day_that_changed_here_is_copied_again(store: ObjectStore, tmp_path: Path) -> None:
    folder = make_day(tmp_path, tape=b"before")
    store.put(units(tmp_path)[0])
    (folder / "tape.parquet").write_bytes(b"afterwards")
    (unit,) = units(tmp_path)

    assert store.put(unit) == len(b"afterwards")
    manifest = store.manifest(unit.name)
    assert manifest is not None
    assert manifest.files["tape.parquet"].bytes == len(b"afterwards")


def test_an_object_that_was_changed_there_is_refused_and_nothing_appears(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    make_day(tmp_path, tape=b"right")
    store.put(units(tmp_path)[0])
    with closing(s3.open_output_stream(f"{bucket}/days/{DAY}/SPY/tape.parquet")) as stream:
        stream.write(b"wrong")

    with pytest.raises(
        StoreError, match="is not what was copied there; where the day is on disk, spymon archive DATE"
    ):
        store.get_day(tmp_path / "there", DAY, "SPY")
    assert not (tmp_path / "there" / "days").exists()


@pytest.mark.parametrize(
    "manifest",
    [
        b"no json",
        b'{"version":1,"files":{"../x":{"bytes":1,"sha256":"a"},"meta.json":{"bytes":1,"sha256":"a"}}}',
    ],
)
def test_a_foreign_manifest_is_refused(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path, manifest: bytes
) -> None:
    with closing(s3.open_output_stream(f"{bucket}/days/{DAY}/SPY/{MANIFEST}")) as stream:
        stream.write(manifest)

    with pytest.raises(StoreError, match=r"damaged or foreign|is no file of a day"):
        store.get_day(tmp_path, DAY, "SPY")


def test_snapshots_of_a_day_are_one_unit(store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "intraday"
    folder.mkdir()
    for minute in ("0935", "0940"):
        (folder / f"SPY_{DAY}_{minute}00.parquet").write_bytes(minute.encode())
    (folder / "notes.txt").write_text("mine")
    (unit,) = units(tmp_path, DAY, "SPY")

    assert sorted(unit.files) == [f"SPY_{DAY}_093500.parquet", f"SPY_{DAY}_094000.parquet"]
    assert store.put(unit) == 8
    (folder / f"SPY_{DAY}_094500.parquet").write_bytes(b"0945")
    assert store.put(units(tmp_path)[0]) == 4


def test_a_recording_that_is_no_day_yet_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "days" / DAY.isoformat() / "SPY").mkdir(parents=True)
    (tmp_path / "journal" / DAY.isoformat()).mkdir(parents=True)

    assert units(tmp_path) == []


def test_a_missing_bucket_is_named(endpoint: str, tmp_path: Path) -> None:
    store = ObjectStore(
        connect(BucketAddress("nowhere-at-all", endpoint, "access", "secret")), "nowhere-at-all"
    )
    make_day(tmp_path, tape=b"t")

    with pytest.raises(StoreError, match=r"has no bucket nowhere-at-all; create it, or mend S3_BUCKET\."):
        store.put(units(tmp_path)[0])


def test_a_store_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    store = ObjectStore(connect(BucketAddress("days", "http://127.0.0.1:9", "access", "secret")), "days")

    with pytest.raises(StoreError, match=r"The object store of days cannot be used .*check S3_ENDPOINT"):
        store.days()


def test_refused_keys_are_a_matter_of_credentials_and_are_not_repeated(tmp_path: Path) -> None:
    with s3_server(lenient=0) as endpoint:
        store = ObjectStore(
            connect(BucketAddress("days", endpoint, "canary-access", "canary-secret")), "days"
        )
        with pytest.raises(CredentialError, match="refuses the keys for days") as refused:
            store.put(Unit("days/x", {}))

    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_an_address_does_not_show_its_keys() -> None:
    assert "canary" not in repr(BucketAddress("days", None, "canary-access", "canary-secret"))


def test_a_file_that_went_from_there_is_named_and_copied_again(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    make_day(tmp_path, tape=b"tape")
    (unit,) = units(tmp_path)
    store.put(unit)
    s3.delete_file(f"{bucket}/{unit.name}/tape.parquet")

    with pytest.raises(StoreError, match="is gone from the object store; where the day is on disk"):
        store.get_day(tmp_path / "there", DAY, "SPY")
    assert store.put(unit) == 4
    store.get_day(tmp_path / "there", DAY, "SPY")


def test_a_day_that_is_half_replaced_does_not_count(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path
) -> None:
    folder = make_day(tmp_path, tape=b"before")
    store.put(units(tmp_path)[0])
    (folder / "tape.parquet").write_bytes(b"afterwards")

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put(units(tmp_path)[0], killed)
    assert store.days() == {}


@pytest.mark.parametrize("manifest", [b"", b'{"version":1,"files":{}}'])
def test_a_manifest_that_names_nothing_is_no_day(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path, manifest: bytes
) -> None:
    make_day(tmp_path)
    with closing(s3.open_output_stream(f"{bucket}/days/{DAY}/SPY/{MANIFEST}")) as stream:
        stream.write(manifest)
    assert store.days() == {}
    (unit,) = units(tmp_path)
    assert store.put(unit) == unit.bytes
    assert store.days() == {DAY: ("SPY",)}


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b'{"version":2,"files":{}}', "is of version 2, this spymon reads 1"),
        (b'{"version":1,"files":{}}', "names no meta.json, so that is no finished day"),
    ],
)
def test_a_manifest_that_is_not_of_a_finished_day_makes_none(
    store: ObjectStore, s3: fs.S3FileSystem, bucket: str, tmp_path: Path, manifest: bytes, said: str
) -> None:
    with closing(s3.open_output_stream(f"{bucket}/days/{DAY}/SPY/{MANIFEST}")) as stream:
        stream.write(manifest)

    with pytest.raises(StoreError, match=said):
        store.get_day(tmp_path, DAY, "SPY")
    assert not (tmp_path / "days").exists()


def test_what_a_killed_process_left_beside_a_day_is_not_copied(tmp_path: Path) -> None:
    folder = make_day(tmp_path, tape=b"tape")
    (folder / ".meta.json.123.new").write_text("{")
    (unit,) = units(tmp_path)

    assert sorted(unit.files) == ["contracts.parquet", "meta.json", "tape.parquet"]


def test_a_missing_bucket_has_no_list_of_days(endpoint: str, bucket: str, s3: fs.S3FileSystem) -> None:
    assert ObjectStore(s3, bucket).days() == {}
    with pytest.raises(StoreError, match="has no bucket nowhere-at-all"):
        ObjectStore(
            connect(BucketAddress("nowhere-at-all", endpoint, "access", "secret")), "nowhere-at-all"
        ).days()


@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:9"])
def test_what_is_no_name_of_a_bucket_is_named(endpoint: str | None) -> None:
    with pytest.raises(
        StoreError, match="S3_BUCKET is no name of a bucket: 's3://days'; write the bare name"
    ):
        ObjectStore(connect(BucketAddress("s3://days", endpoint, "access", "secret")), "s3://days").days()


def test_what_changes_on_its_way_there_is_not_called_whole(store: ObjectStore, tmp_path: Path) -> None:
    folder = make_day(tmp_path, tape=b"right")
    (unit,) = units(tmp_path)

    def change(_: int) -> None:
        (folder / "tape.parquet").write_bytes(b"wrong")

    with pytest.raises(
        StoreError, match="came back from the object store otherwise than it went; copy again"
    ):
        store.put(unit, change)
    assert store.days() == {}
