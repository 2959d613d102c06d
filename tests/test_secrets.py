"""A canary key appears nowhere, whatever a run comes to: real processes against a provider on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pyarrow import fs

from tests.engine.feeds.massive.staging import FIRST_HOUR_NS, full_chain, missed, occ, prints
from tests.fakes.massive import Massive, Plan, Reset, Say, Send, Shut
from tests.fakes.massive.past import PastDay
from tests.fakes.pane import Pane
from tests.fakes.process import environ, spymon
from tests.fakes.s3 import s3_server
from tests.fakes.unpacked import unpacked

CANARY = "canary7f3a91d0c5"
S3_CANARIES = {"S3_ACCESS_KEY": "canaryACCESS24680", "S3_SECRET_KEY": "canarySECRET13579"}
MARK = b"canary"
"""How all of them begin: a part of a key is found as well."""

PATIENCE_S = 120
LIVE = "--source massive --symbol SPY"


def provider(**fields: object) -> Massive:
    """Return a provider with a chain that repeats keys wherever it refuses something."""
    fake = Massive(Plan(repeats_key=True, **fields))  # type: ignore[arg-type]
    fake.shelf.chains["SPY"] = full_chain()
    return fake


def settings(folder: Path, fake: Massive | None = None, **more: str) -> dict[str, str]:
    """Return an environment with a canary for every key."""
    hosts = {"SPYMON_MASSIVE_WS_URL": fake.ws_url, "SPYMON_MASSIVE_REST_URL": fake.rest_url} if fake else {}
    return environ(folder, MASSIVE_API_KEY=CANARY, S3_BUCKET="days", **S3_CANARIES, **hosts, **more)


def command_lines(pid: int) -> str:
    """Return how a process and its children were called, as anybody on the machine can see it."""
    process = psutil.Process(pid)
    return "\n".join(" ".join(each.cmdline()) for each in (process, *process.children(recursive=True)))


async def said(process: Process) -> str:
    """Wait until a process has ended, and return all that it said."""
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    return (out + err).decode()


async def ended(words: str, folder: Path, fake: Massive, at_ns: int | None = None) -> tuple[int | None, str]:
    """Run to the end; return the exit code and all that was said."""
    process = await spymon(words, folder, settings(folder, fake), at_ns)
    text = await said(process)
    return process.returncode, text


def assert_nowhere(folder: Path, *texts: str) -> None:
    """Look into everything that was said, and every file that was written: its name, and what it holds."""
    for text in texts:
        assert MARK.decode() not in text
    files = written(folder)
    assert not [path for path in files if MARK in str(path).encode() + unpacked(path)]


def written(folder: Path, ending: str = "") -> list[Path]:
    """Return all files below a folder whose names end so."""
    return [path for path in folder.rglob(f"*{ending}") if path.is_file()]


@contextlib.asynccontextmanager
async def a_bad_day(fake: Massive) -> AsyncIterator[None]:
    """Let trades, a cut, a refusal and the loss of the plan follow one another; the last one is told on."""
    await fake.until(lambda: fake.holds(f"T.{occ(650)}", f"Q.{occ(650)}"))
    now_ns = FIRST_HOUR_NS + 60_000_000_000
    await fake.play(Send(prints(now_ns, 20)), Say("error", f"not authorized for {CANARY}"))
    missed(fake, prints(now_ns, 5, begin=100))
    fake.shelf.broken["/v3/trades"] = 500
    before = len(fake.clients)
    await fake.play(Reset())
    await fake.until(lambda: len(fake.clients) > before and fake.holds(f"T.{occ(650)}"))
    fake.plan.clusters = frozenset({"stocks"})
    await fake.play(Send(prints(now_ns, 5, begin=200)), Shut(1008, f"bad key {CANARY}"))
    yield


@pytest.mark.parametrize("words", [f"{LIVE} --json -v", f"record {LIVE} -v"])
async def test_a_day_on_which_everything_goes_wrong(words: str, tmp_path: Path) -> None:
    async with provider(key=CANARY, refused=frozenset({f"T.{occ(660)}"})) as fake:
        process = await spymon(words, tmp_path, settings(tmp_path, fake), FIRST_HOUR_NS)
        async with asyncio.timeout(PATIENCE_S), a_bad_day(fake):
            called = command_lines(process.pid)
        process.send_signal(signal.SIGINT)
        text = await said(process)
        assert process.returncode == 130, text
        assert {each.key for each in fake.asked} == {CANARY}
    assert "process.py" in called
    assert_nowhere(tmp_path, text, called)
    assert written(tmp_path / "data" / "journal"), "nothing was recorded"


MADE_OF_IT = (
    "compact -v",
    "snapshot SPY --replay 2025-12-19 --at 09:30:30 -v",
    "levels SPY --replay 2025-12-19 --at 09:30:30 --format csv -v",
    "levels SPY --replay 2025-12-19 --at 09:30:30 --json -v",
    "--replay 2025-12-19 --json -v",
    "days --json -v",
    "verify 2025-12-19 -v",
    "archive -v",
    "archive --list -v",
)


async def test_a_recorded_day_and_all_that_is_made_of_it(tmp_path: Path) -> None:
    async with provider(key=CANARY) as fake:
        process = await spymon(f"record {LIVE} -v", tmp_path, settings(tmp_path, fake), FIRST_HOUR_NS)
        async with asyncio.timeout(PATIENCE_S), a_bad_day(fake):
            process.send_signal(signal.SIGTERM)
        texts = [await said(process)]
        assert written(tmp_path / "data" / "journal", ".arrows")
        assert_nowhere(tmp_path, *texts)  # before the journal becomes a day and goes
        with bucket() as (endpoint, copied):
            surroundings = settings(tmp_path, fake, S3_ENDPOINT=endpoint)
            for words in MADE_OF_IT:
                process = await spymon(words, tmp_path, surroundings)
                texts.append(await said(process))
                assert process.returncode == 0, texts[-1]
            for name, data in copied().items():
                kept = tmp_path / "copied" / name
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(data)
    assert written(tmp_path / "copied", ".parquet")
    assert written(tmp_path / "data" / "intraday", ".parquet")
    assert_nowhere(tmp_path, *texts)


@contextlib.contextmanager
def bucket() -> Iterator[tuple[str, Callable[[], dict[str, bytes]]]]:
    """Run an object store with a bucket; yield its endpoint, and what returns all that is in it."""
    with s3_server() as endpoint:
        store = fs.S3FileSystem(
            access_key="a", secret_key="s", endpoint_override=endpoint, region="us-east-1",
            allow_bucket_creation=True,
        )  # fmt: skip
        store.create_dir("days")

        def copied() -> dict[str, bytes]:
            infos = store.get_file_info(fs.FileSelector("days", recursive=True))
            names = [info.path for info in infos if info.type == fs.FileType.File]
            return {name: store.open_input_stream(name).read() for name in names}

        yield endpoint, copied


@pytest.mark.parametrize("words", [f"{LIVE} --json -v", f"record {LIVE} -v", "backfill 2025-12-16 -v"])
async def test_a_key_that_is_refused_and_repeated(words: str, tmp_path: Path) -> None:
    async with provider() as fake:
        code, text = await ended(words, tmp_path, fake, FIRST_HOUR_NS)
    assert code == 3
    assert "Massive does not know this key (Unknown API Key: " in text
    assert "Traceback" in text
    assert_nowhere(tmp_path, text)


async def test_a_plan_that_refuses_the_websockets(tmp_path: Path) -> None:
    async with provider(key=CANARY, rest_refused=("/v3", "/v2"), clusters=frozenset()) as fake:
        code, text = await ended(f"{LIVE} --json -v", tmp_path, fake, FIRST_HOUR_NS)
    assert code == 3
    assert "You are not entitled to this data" in text
    assert_nowhere(tmp_path, text)


async def test_a_backfill_and_what_it_leaves(tmp_path: Path) -> None:
    async with provider(key=CANARY, rest_refused=("/v3/quotes",)) as fake:
        PastDay(strikes=range(678, 684), trades=20, quotes=4).shelve(fake.shelf)
        code, text = await ended("backfill 2025-12-16 --expiry 0dte --strikes 1 -v", tmp_path, fake)
    assert code == 0, text
    assert written(tmp_path, ".parquet")
    assert_nowhere(tmp_path, text)


async def test_an_object_store_that_refuses_the_keys(tmp_path: Path) -> None:
    with s3_server(lenient=0) as endpoint:
        process = await spymon("archive --list -v", tmp_path, settings(tmp_path, S3_ENDPOINT=endpoint))
        text = await said(process)
    assert process.returncode == 3, text
    assert_nowhere(tmp_path, text)


@pytest.mark.parametrize("words", ["config show", "config show --json"])
async def test_the_settings_in_force(words: str, tmp_path: Path) -> None:
    process = await spymon(words, tmp_path, settings(tmp_path))
    text = await said(process)
    assert process.returncode == 0
    assert text.count("********") == 3
    assert_nowhere(tmp_path, text)


async def test_the_screen_and_a_picture_of_it(tmp_path: Path) -> None:
    pane = Pane(columns=300)
    async with provider(key=CANARY, rest_refused=("/v3/trades",)) as fake:
        process = await spymon(
            LIVE, tmp_path, settings(tmp_path, fake, TERM="xterm-256color"), FIRST_HOUR_NS, pane.theirs
        )
        try:
            async with a_bad_day(fake):
                await pane.until(lambda: b"include this cluster" in pane.text)
                pane.press(b"\x13")  # ctrl+s
                await pane.until(lambda: written(tmp_path, ".svg"))
            pane.press(b"q")
            await asyncio.wait_for(process.wait(), PATIENCE_S)
        finally:
            if process.returncode is None:
                process.kill()
    pane.close()
    (picture,) = written(tmp_path, ".svg")
    assert "cluster" in picture.read_text(encoding="utf-8")
    assert_nowhere(tmp_path, pane.text.decode(errors="replace"))
