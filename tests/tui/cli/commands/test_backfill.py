"""`spymon backfill` and `spymon cache` on loopback: days are fetched, killed, stopped and cleared."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.store.cache.historical import Historical
from engine.store.cache.manifest import read_manifest
from engine.store.days.store import DayStore
from tests.fakes.massive import KEY, Massive, Plan
from tests.fakes.massive.past import PastDay
from tests.fakes.pane import Pane
from tests.fakes.process import environ
from tests.fakes.process import spymon as process_of
from tests.paths import ROOT
from tui.cli.main import main

PAST = PastDay(strikes=range(678, 684), trades=20, quotes=4)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with a key and no other setting."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "MASSIVE_", "POLYGON_", "S3_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MASSIVE_API_KEY", KEY)


async def spymon(fake: Massive, line: str) -> int:
    """Run a command beside the fake, in a thread."""
    os.environ["SPYMON_MASSIVE_REST_URL"] = fake.rest_url
    return await asyncio.to_thread(main, line.split())


async def started(fake: Massive, line: str) -> asyncio.subprocess.Process:
    """Start a command as a process of its own."""
    environ = os.environ | {"SPYMON_MASSIVE_REST_URL": fake.rest_url, "PYTHONPATH": str(ROOT)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", *line.split(),
        env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def stopped_at(fake: Massive, line: str, request: int, number: signal.Signals) -> tuple[int, str]:
    """Run a command until it has sent so many requests, and send it a signal then."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def gate(count: int) -> None:
        if count >= request:
            reached.set()
            await go_on.wait()

    fake.shelf.gate = gate
    process = await started(fake, line)
    waiting = [asyncio.ensure_future(each) for each in (reached.wait(), process.wait())]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert reached.is_set(), "it ended before it had asked so often"
    process.send_signal(number)
    _, said = await process.communicate()
    go_on.set()
    fake.shelf.gate = None
    assert process.returncode is not None
    return process.returncode, said.decode()


def stored_rows(kind: str, ticker: str) -> list[int]:
    path = Path("data/historical") / kind / "2025-12-16" / f"{ticker.replace('O:', 'O_')}.parquet"
    found: list[int] = pq.read_table(path)["sequence_number"].to_pylist()
    return found


def write(name: str, text: str) -> None:
    Path(name).write_text(text, encoding="utf-8")


def record(folder: str, name: str) -> None:
    Path(folder).mkdir(parents=True)
    (Path(folder) / name).write_bytes(b"x")


def everything_written() -> bytes:
    return b"".join(path.read_bytes() for path in Path().rglob("*") if path.is_file())


async def test_a_past_day_becomes_a_day_that_can_be_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte --strikes 1") == 0
        out, err = capsys.readouterr()
        assert out.startswith("2025-12-16 SPY new: 198 events (160 trades, 32 quotes), 09:30:00 to 16:15:00")
        assert "16 of 16 files" in err
        assert "open interest" in err
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte --strikes 1") == 0
        assert capsys.readouterr().out == "SPY on 2025-12-16 is complete already; nothing was left to fetch\n"
    facts = DayStore(Path("data")).meta(PAST.day, "SPY").facts
    assert (facts.source, facts.spot_origin, len(facts.inputs)) == ("backfill", "minute bars", 17)
    assert await asyncio.to_thread(main, ["verify", "2025-12-16"]) == 0
    assert await asyncio.to_thread(main, ["days"]) == 0
    assert "backfill of 17 files" in capsys.readouterr().out


@pytest.mark.parametrize("request_number", [2, 9, 30, 45])
async def test_after_a_kill_only_what_is_missing_is_fetched(request_number: int) -> None:
    line = "backfill 2025-12-16 --all --expiry 0dte"
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.page = 7
        code, _ = await stopped_at(fake, line, request_number, signal.SIGKILL)
        assert code == -signal.SIGKILL
        entries = read_manifest(Historical(Path("data")).manifest(PAST.day, "SPY"))
        done = {(each.kind, each.ticker) for each in entries if each.state == "complete"}
        partial = {each.ticker: each for each in entries if each.state == "partial"}
        assert len(done) + len(partial) > 1 or request_number == 2
        fake.asked.clear()
        assert await spymon(fake, line) == 0
        asked = Counter(each.path for each in fake.asked)
        assert not any(f"/v3/{kind}/{ticker}" in asked for kind, ticker in done)
        first = {}
        for each in fake.asked:
            first.setdefault(each.path.rpartition("/")[2], each.query)
        for ticker, entry in partial.items():
            assert first[ticker]["timestamp.gte"] == str(entry.until_ns)
    for ticker in PAST.tickers:
        assert stored_rows("trades", ticker) == list(range(20))
        assert stored_rows("quotes", ticker) == list(range(4))
    assert DayStore(Path("data")).meta(PAST.day, "SPY").measured.counts["trade"] == 240


async def test_an_interruption_says_how_to_go_on() -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        code, said = await stopped_at(fake, "backfill 2025-12-16 --symbol SPY --all", 10, signal.SIGINT)
    assert code == 130
    assert "go on with: spymon backfill 2025-12-16 --symbol SPY --all" in said
    assert "Traceback" not in said


async def test_a_narrow_terminal_shows_how_far_it_is_how_fast_and_the_time_left(tmp_path: Path) -> None:
    pane, reached, go_on = Pane(columns=80), asyncio.Event(), asyncio.Event()

    async def gate(count: int) -> None:
        if count >= 16:
            reached.set()
            await go_on.wait()

    async with Massive(Plan()) as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.gate = gate
        more = {"SPYMON_MASSIVE_REST_URL": fake.rest_url, "MASSIVE_API_KEY": KEY, "TERM": "xterm"}
        words = "backfill 2025-12-16 --expiry 0dte --strikes 4"
        process = await process_of(words, tmp_path, environ(tmp_path, **more), None, pane.theirs)
        await reached.wait()
        left, rate = rb"%[^\r]*\d:\d\d:\d\d", rb"SPY on 2025-12-16: \d+ of \d+ files, [\d,]+ rows/s"
        await pane.until(lambda: re.search(left + rb"[^\r]*" + rate, pane.text))
        go_on.set()
        assert await process.wait() == 0
    pane.close()


async def test_a_provider_that_wants_fewer_requests_gets_them_and_the_person_is_told() -> None:
    async with Massive(Plan()) as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.failures = [429] * 3
        process = await started(fake, "backfill 2025-12-16")
        assert process.stderr is not None
        said = (await process.stderr.readline()).decode()
        process.send_signal(signal.SIGINT)
        await process.communicate()
    assert said == (
        "spymon: Massive refuses so many requests at once (HTTP 429); "
        "from here on it is asked 5 times a minute, which a free plan allows.\n"
    )


async def test_files_that_fail_are_listed_and_the_day_is_partial(capsys: pytest.CaptureFixture[str]) -> None:
    broken = PAST.tickers[3]
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.broken[f"/v3/trades/{broken}"] = 400
        assert await spymon(fake, "backfill 2025-12-16 --all --expiry 0dte") == 1
        said = capsys.readouterr().err
        assert f"trades of {broken} on 2025-12-16 failed: Massive refused the request, HTTP 400" in said
        assert said.endswith("go on with: spymon backfill 2025-12-16 --expiry 0dte --all\n")
        facts = DayStore(Path("data")).meta(PAST.day, "SPY").facts
        assert not facts.complete
        assert "1 file of it could not be fetched." in facts.notes
        fake.shelf.broken.clear()
        assert await spymon(fake, "backfill 2025-12-16 --all --expiry 0dte") == 0
    facts = DayStore(Path("data")).meta(PAST.day, "SPY").facts
    assert facts.complete
    assert len(facts.inputs) == 25


async def test_a_day_is_whole_once_the_file_that_failed_turns_out_to_be_empty() -> None:
    broken = PAST.tickers[3]
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.broken[f"/v3/trades/{broken}"] = 400
        assert await spymon(fake, "backfill 2025-12-16 --all --expiry 0dte") == 1
        fake.shelf.broken.clear()
        fake.shelf.trades[broken].clear()
        assert await spymon(fake, "backfill 2025-12-16 --all --expiry 0dte") == 0
    facts = DayStore(Path("data")).meta(PAST.day, "SPY").facts
    assert facts.complete
    assert not any("could not be fetched" in note for note in facts.notes)


async def test_a_plan_without_quotes_makes_a_day_that_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    later = replace(PAST, day=date(2025, 12, 17), before=PAST.day)
    async with Massive(Plan(rest_refused=("/v3/quotes",))) as fake:
        PAST.shelve(fake.shelf)
        later.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16..2025-12-17 --expiry 0dte") == 0
        assert sum(each.path.startswith("/v3/quotes") for each in fake.asked) == 1
    capsys.readouterr()
    for day in (PAST.day, later.day):
        notes = DayStore(Path("data")).meta(day, "SPY").facts.notes
        assert any(note.startswith("There are no quotes: Massive's plan") for note in notes)
    assert await asyncio.to_thread(main, ["cache", "stats", "--json"]) == 0
    [first, second] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["trades"] == {"complete": 12, "partial": 0, "empty": 0}
    assert first["quotes"] == {"complete": 0, "partial": 0, "empty": 0}
    assert first["notes"][0].startswith("There are no quotes")
    assert (second["date"], second["symbol"]) == ("2025-12-17", "SPY")


async def test_a_replay_goes_on_to_massive_when_the_object_store_is_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = {"BUCKET": "days", "ENDPOINT": NOWHERE, "ACCESS_KEY": "a", "SECRET_KEY": "s"}
    for name, text in store.items():
        monkeypatch.setenv(f"S3_{name}", text)
    async with Massive(Plan()) as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "--replay 2025-12-16 --headless --expiry 0dte") == 0
        out, err = capsys.readouterr()
        assert "SPY   REPLAY  backfill" in out
        away, fetched = err.index("The object store of days cannot be used"), err.index("is fetched from")
        assert away < fetched, "in the order in which they were tried"

        assert await spymon(fake, "--replay 2025-12-16 --headless --expiry 0dte") == 0
        assert "object store" not in capsys.readouterr().err, "what is on disk is not asked for"
    monkeypatch.delenv("MASSIVE_API_KEY")
    assert await asyncio.to_thread(main, ["--replay", "2025-12-17", "--headless"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith(
        "spymon: The object store of days cannot be used (NETWORK_CONNECTION); check S3_ENDP"
    )
    assert err.count("\n") == 1
    assert not out, "a simulated day is not the day that was archived"


async def test_a_day_that_ends_early_is_not_made_again_either(capsys: pytest.CaptureFixture[str]) -> None:
    async with Massive(Plan()) as fake:
        replace(PAST, minutes=100).shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte") == 0
        [made] = DayStore(Path("data")).list().entries
        assert not made.complete
        capsys.readouterr()
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte") == 0
        assert "SPY on 2025-12-16 is complete already; nothing was left to fetch" in capsys.readouterr().out


@pytest.mark.parametrize("refused", [("",), ("/v3/trades", "/v3/quotes")], ids=["key", "trades"])
async def test_a_fetch_that_failed_counts_as_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...]
) -> None:
    replay = "--replay 2025-12-16 --headless --symbol SPY --to 09:31"
    async with Massive(Plan(rest_refused=refused)) as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, replay) != 0
        capsys.readouterr()
        monkeypatch.delenv("MASSIVE_API_KEY")
        assert await spymon(fake, replay) == 0
        out, err = capsys.readouterr()
        assert "SIMULATED" in out
        assert "fetched earlier" not in err


async def test_a_wrong_key_leaves_no_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASSIVE_API_KEY", "wrong")
    async with Massive(Plan()) as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "--replay 2025-12-16 --headless --symbol SPY") == 3
    assert Historical(Path("data")).measure() == (0, 0)


async def test_without_a_key_a_replay_makes_the_day_of_what_was_fetched_earlier(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = "--replay 2025-12-16 --headless --expiry 0dte"
    async with Massive(Plan()) as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte --strikes 1") == 0
        shutil.rmtree("data/days")
        capsys.readouterr()
        monkeypatch.delenv("MASSIVE_API_KEY")
        before = len(fake.asked)
        assert await spymon(fake, replay) == 0
        out, err = capsys.readouterr()
        assert (
            "SPY on 2025-12-16 is made of what was fetched earlier; without a key nothing more can be." in err
        )
        assert "REPLAY" in out
        [kept] = DayStore(Path("data")).list().entries
        assert (kept.trades, kept.complete) == (160, False), "only Massive can tell whether that is all"
        assert len(fake.asked) == before
        assert await spymon(fake, replay) == 0
        assert "fetched earlier" not in capsys.readouterr().err, "it is a day now"

        monkeypatch.setenv("MASSIVE_API_KEY", KEY)
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte --strikes 1") == 0
        [whole] = DayStore(Path("data")).list().entries
        assert (whole.trades, whole.complete) == (160, True)


async def test_a_replay_fetches_the_day_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "--replay 2025-12-16 --headless --expiry 0dte") == 0
        out, err = capsys.readouterr()
        same = "spymon backfill 2025-12-16 --expiry 0dte would do the same"
        assert f"SPY on 2025-12-16 is not on disk and is fetched from Massive; {same}." in err
        assert "SPY backfill: 294 events (240 trades, 48 quotes)" in out
        fake.asked.clear()
        assert await spymon(fake, "--replay 2025-12-16 --headless --expiry 0dte") == 0
        assert not fake.asked


@pytest.mark.parametrize(
    "line",
    [
        "study 2025-12-16 --symbol SPY --json",
        "levels SPY --replay 2025-12-16 --at 09:31:30 --expiry all --convention flow --json",
        "snapshot SPY --replay 2025-12-16 --at 09:31:30 --convention flow --json",
        "--replay 2025-12-16 --symbol SPY --json",
    ],
)
async def test_what_reads_a_day_that_is_not_there_fetches_it_first(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, line) == 0
        out, err = capsys.readouterr()
        assert all(json.loads(each) for each in out.splitlines())
        assert "SPY on 2025-12-16 is not on disk and is fetched from Massive" in err
        assert "; spymon backfill 2025-12-16 --symbol SPY would do the same." in err
        assert "2025-12-16 SPY new: 294 events" in err
        fake.asked.clear()
        assert await spymon(fake, line) == 0
        assert not fake.asked


@pytest.mark.parametrize("line", ["levels SPY --at 10:00", "snapshot SPY --every 1h"])
def test_the_levels_of_a_live_day_that_nobody_records_are_no_data(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == 4
    assert "is recorded; name another day with --replay DATE" in capsys.readouterr().err
    assert not list(Path("data").rglob("*.arrows"))


async def test_a_provider_that_fails_is_no_day_without_trades(capsys: pytest.CaptureFixture[str]) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.broken["/v3/trades"] = 400
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte") == 1
    said = capsys.readouterr().err
    assert f"No option of SPY could be fetched for 2025-12-16; trades of {PAST.tickers[0]} failed: " in said
    assert "traded on" not in said


async def test_an_index_and_its_weekly_root_become_one_day(capsys: pytest.CaptureFixture[str]) -> None:
    index = replace(PAST, symbol="SPX", root="SPXW", index_prefix="I:", strikes=range(675, 690, 5))
    async with Massive() as fake:
        index.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16 --symbol SPX --expiry 0dte") == 0
    assert "2025-12-16 SPX new: 150 events (120 trades, 24 quotes)" in capsys.readouterr().out
    facts = DayStore(Path("data")).meta(PAST.day, "SPX").facts
    assert (facts.spot_origin, facts.underlying.symbol) == ("minute bars", "SPX")


async def test_an_imported_day_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    ticker = PAST.tickers[0]
    trades = f"ticker,price,sip_timestamp,size\n{ticker},1.5,{(PAST.open_ms + 60_000) * 10**6},3\n"
    write("trades.csv", trades)
    assert await asyncio.to_thread(main, ["import", "trades.csv"]) == 0
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16") == 1
        assert not fake.asked
    assert "SPY on 2025-12-16 was imported, and it stays; move" in capsys.readouterr().err


async def test_an_import_takes_the_place_of_a_backfill_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16 --expiry 0dte --strikes 1") == 0
    row = f"{PAST.tickers[0]},1.5,{(PAST.open_ms + 60_000) * 10**6},3"
    write("trades.csv", f"ticker,price,sip_timestamp,size\n{row}\n")
    assert await asyncio.to_thread(main, ["import", "trades.csv"]) == 0
    said = capsys.readouterr().err
    assert "replaces an earlier backfill of 198 events, whose files stay in the cache." in said


async def test_a_recording_is_not_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    record("data/journal/2025-12-16", "SPY-093000.arrows")
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16") == 1
        assert not fake.asked
    said = capsys.readouterr().err
    assert "SPY on 2025-12-16 was recorded; spymon compact 2025-12-16 makes a day of it." in said


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("backfill", 2, "the following arguments are required: DATE"),
        ("backfill nope", 2, "The day nope is not a date; write it as YYYY-MM-DD."),
        ("backfill 2025-12-13", 4, "2025-12-13 is a Saturday"),
        ("backfill 2027-12-15", 4, "2027-12-15 is not over: it can be fetched after 16:30 exchange time"),
        ("backfill 2025-12-16 --all --strikes 3", 2, "--strikes: not allowed with argument --all"),
        ("backfill 2025-12-16 --symbol AAPL", 2, "AAPL has no preset"),
        ("cache drop", 2, "'drop' is no action of spymon"),
        ("cache stats 2025-12-16", 4, "Nothing of 2025-12-16 was fetched"),
        ("cache stats", 0, "Nothing was fetched into data/historical yet; spymon backfill DATE does that."),
    ],
)
def test_what_cannot_be_is_one_sentence(
    capsys: pytest.CaptureFixture[str], line: str, code: int, sentence: str
) -> None:
    assert main(line.split()) == code
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_without_a_key_nothing_can_be_fetched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MASSIVE_API_KEY")
    assert main(["backfill", "2025-12-16"]) == 3
    assert "There is no key for Massive; set MASSIVE_API_KEY" in capsys.readouterr().err


async def test_a_wrong_key_ends_it_and_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MASSIVE_API_KEY", "canary-key")
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16") == 3
    out, err = capsys.readouterr()
    assert "Massive does not know this key" in err
    assert "canary" not in out + err
    assert b"canary" not in everything_written()


async def test_the_cache_of_one_day_is_cleared_and_the_day_stays(capsys: pytest.CaptureFixture[str]) -> None:
    later = replace(PAST, day=date(2025, 12, 17), before=PAST.day)
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        later.shelve(fake.shelf)
        assert await spymon(fake, "backfill 2025-12-16 2025-12-17 --expiry 0dte") == 0
        capsys.readouterr()
        assert await spymon(fake, "cache clear 2025-12-16") == 2
        assert "add --yes" in capsys.readouterr().err
        assert await spymon(fake, "cache clear 2025-12-16 --yes") == 0
        assert "Deleted 26 files" in capsys.readouterr().err
    assert Historical(Path("data")).days() == [later.day]
    assert len(DayStore(Path("data")).list().entries) == 2
    assert await asyncio.to_thread(main, ["cache", "clear", "--yes"]) == 0
    assert Historical(Path("data")).days() == []
