"""`spymon archive`, and a replay of a day that is only in the object store; against a real S3 server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyarrow import fs

from engine.store.archive.bucket import BucketAddress, connect
from engine.store.archive.objects import ObjectStore
from engine.store.journal.writer import Journal
from tests.fakes.s3 import s3_server
from tui.cli.commands.archive import copy_finished
from tui.cli.main import main

from .test_compact import record

DAY = date(2025, 12, 16)
Captured = pytest.CaptureFixture[str]
__all__ = ["record"]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        client = fs.S3FileSystem(
            access_key="access", secret_key="secret", endpoint_override=address, region="us-east-1",
            allow_bucket_creation=True,
        )  # fmt: skip
        client.create_dir("days")
        yield address


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no setting and no key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "MASSIVE_", "POLYGON_", "S3_")):
            monkeypatch.delenv(name)


def configure(endpoint: str) -> None:
    Path(".env").write_text(
        f"S3_BUCKET=days\nS3_ENDPOINT={endpoint}\nS3_ACCESS_KEY=canary-access\nS3_SECRET_KEY=canary-secret\n"
    )


def test_a_day_is_archived_and_replayed_from_there(
    endpoint: str, record: Callable[..., Journal], capsys: Captured
) -> None:
    configure(endpoint)
    record()
    assert main(["compact"]) == 0
    capsys.readouterr()

    assert main(["archive"]) == 0
    assert capsys.readouterr().out.startswith("days/2025-12-16/SPY copied: 3 files")
    assert main(["archive", "2025-12-16", "--symbol", "spy"]) == 0
    assert capsys.readouterr().out == "days/2025-12-16/SPY is there already: 3 files\n"
    assert main(["archive", "--list"]) == 0
    assert capsys.readouterr().out == "2025-12-16 SPY\n"

    shutil.rmtree("data")
    assert main(["--replay", "2025-12-16", "--headless", "--json"]) == 0
    said = capsys.readouterr()
    assert "SPY of 2025-12-16 came from the object store days." in said.err
    assert '"type":"summary"' in said.out
    assert main(["verify", "2025-12-16"]) == 0
    assert "canary" not in said.out + said.err


def test_a_day_that_is_damaged_here_does_not_replace_its_copy(
    endpoint: str, record: Callable[..., Journal], capsys: Captured
) -> None:
    configure(endpoint)
    record("NDX")
    assert main(["compact"]) == 0
    assert main(["archive", "--symbol", "NDX"]) == 0
    tape = Path("data/days/2025-12-16/NDX/tape.parquet")
    whole = tape.read_bytes()
    tape.write_bytes(whole[:120] + bytes([whole[120] ^ 255]) + whole[121:])
    capsys.readouterr()

    assert main(["archive", "--symbol", "NDX"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"spymon: days/2025-12-16/NDX was not copied: {tape} is damaged at chunk 0")
    (sentence,) = copy_finished(keys_of(endpoint), Path("data"), DAY)
    assert "NDX was not copied" in sentence
    shutil.rmtree("data")
    assert main(["--replay", "2025-12-16", "--symbol", "NDX", "--headless"]) == 0
    assert main(["verify", "2025-12-16"]) == 0
    assert tape.read_bytes() == whole


def test_keys_are_masked_and_bucket_and_endpoint_are_not(capsys: Captured) -> None:
    configure("http://127.0.0.1:9")

    assert main(["config", "show"]) == 0
    shown = capsys.readouterr().out
    assert "canary" not in shown
    assert "http://127.0.0.1:9" in shown
    assert "********" in shown


def test_without_an_object_store_it_says_what_to_set(capsys: Captured) -> None:
    assert main(["archive"]) == 2
    assert "No object store is set; put S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY" in capsys.readouterr().err


def test_half_an_object_store_is_named(capsys: Captured) -> None:
    Path(".env").write_text("S3_BUCKET=days\nS3_ACCESS_KEY=a\n")

    assert main(["archive"]) == 2
    assert "The object store also needs S3_SECRET_KEY; put that into .env." in capsys.readouterr().err


def test_a_day_that_is_not_there_is_told(endpoint: str, capsys: Captured) -> None:
    configure(endpoint)

    assert main(["archive", "2025-12-15"]) == 4
    assert main(["archive"]) == 0
    assert "There is nothing finished in data to copy." in capsys.readouterr().err


def test_a_store_that_cannot_be_used_is_told_once(
    endpoint: str, record: Callable[..., Journal], capsys: Captured
) -> None:
    record()
    record(symbol="QQQ")
    assert main(["compact"]) == 0
    configure(endpoint)
    Path(".env").write_text(Path(".env").read_text().replace("=days", "=other"))
    capsys.readouterr()

    assert main(["archive"]) == 1
    assert capsys.readouterr().err == (
        "spymon: The object store has no bucket other; create it, or mend S3_BUCKET.\n"
    )


@pytest.mark.parametrize("command", ["archive --list", "--replay 2025-12-16 --headless"])
def test_a_bucket_that_is_not_there_is_not_an_empty_one(
    command: str, endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    configure(endpoint)
    monkeypatch.setenv("S3_BUCKET", "other")
    assert main(command.split()) == 1
    said = capsys.readouterr()
    assert said.err == "spymon: The object store has no bucket other; create it, or mend S3_BUCKET.\n"
    assert not said.out


def test_an_empty_bucket_is_said_to_be_empty(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    configure(endpoint)
    client = fs.S3FileSystem(
        access_key="access", secret_key="secret", endpoint_override=endpoint, region="us-east-1",
        allow_bucket_creation=True,
    )  # fmt: skip
    client.create_dir("empty")
    monkeypatch.setenv("S3_BUCKET", "empty")
    assert main(["archive", "--list"]) == 0
    assert capsys.readouterr().err.startswith(
        "spymon: There is no day in the object store yet; spymon archive "
    )


@pytest.mark.parametrize("bucket", ["s3://days", "days/2025", "my days"])
def test_what_is_no_name_of_a_bucket_is_one_sentence(
    bucket: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    configure("http://127.0.0.1:9")
    monkeypatch.setenv("S3_BUCKET", bucket)
    assert main(["archive", "--list"]) == 2
    assert capsys.readouterr().err.startswith(f"spymon: S3_BUCKET {bucket} is not a bucket's name")


def test_a_symbol_that_lacks_is_brought_beside_the_others(
    endpoint: str, record: Callable[..., Journal], capsys: Captured
) -> None:
    configure(endpoint)
    record()
    record(symbol="QQQ")
    assert main(["compact"]) == 0
    assert main(["archive"]) == 0
    shutil.rmtree("data/days/2025-12-16/QQQ")
    capsys.readouterr()

    assert main(["--replay", "2025-12-16", "--headless", "--symbol", "SPY,QQQ"]) == 0
    said = capsys.readouterr()
    assert said.err.count("came from the object store") == 1
    assert "QQQ of 2025-12-16 came from" in said.err


def test_keys_do_not_belong_in_the_settings_file(capsys: Captured) -> None:
    Path("spymon.toml").write_text('s3_secret_key = "canary"\n')

    assert main(["archive"]) == 2
    said = capsys.readouterr().err
    assert "keys belong in the environment or in .env" in said
    assert "canary" not in said


def keys_of(endpoint: str) -> BucketAddress:
    return BucketAddress("days", endpoint, "canary-access", "canary-secret")


def test_a_recorder_copies_the_day_and_earlier_ones_that_are_not_there(
    endpoint: str, record: Callable[..., Journal]
) -> None:
    record("DIA")
    assert main(["compact"]) == 0
    tomorrow, place, root = date(2025, 12, 17), keys_of(endpoint), Path("data")

    (sentence,) = copy_finished(place, root, tomorrow)
    assert sentence.startswith("days/2025-12-16/DIA was copied to the object store days: 0.")
    assert list(copy_finished(place, root, tomorrow)) == []
    assert list(copy_finished(place, root, DAY)) == []
    store = ObjectStore(connect(place), "days")
    assert "DIA" in store.days()[DAY]


@pytest.mark.parametrize(
    ("bucket", "port", "why"), [("nowhere", None, "has no bucket nowhere"), ("days", 9, "cannot be used")]
)
def test_a_recorder_that_cannot_copy_says_so_once_and_goes_on(
    endpoint: str, record: Callable[..., Journal], bucket: str, port: int | None, why: str
) -> None:
    for symbol in ("QQQ", "IWM"):
        record(symbol)
    assert main(["compact"]) == 0
    place = replace(keys_of(endpoint if port is None else f"http://127.0.0.1:{port}"), bucket=bucket)

    (sentence,) = copy_finished(place, Path("data"), DAY)
    assert why in sentence
    assert sentence.endswith("; then run spymon archive, or wait for the next day's end.")
    assert "canary" not in sentence


def test_a_recorder_with_half_an_object_store_does_not_begin(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    monkeypatch.setenv("MASSIVE_API_KEY", "canary")
    monkeypatch.setenv("S3_BUCKET", "days")
    assert main(["record"]) == 2
    assert "also needs S3_ACCESS_KEY and S3_SECRET_KEY" in capsys.readouterr().err
