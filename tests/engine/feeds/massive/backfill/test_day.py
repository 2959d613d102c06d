"""Past days from the provider on loopback: what is asked for, what is kept, and what is asked again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.feeds.backfill.day_fetch import DayFetch, FetchProgress
from engine.feeds.massive.backfill.tickers import GIVE_UP
from engine.model.errors import CredentialError, NoDataError, StoreError
from engine.store.cache.historical import Historical
from engine.store.cache.manifest import FetchManifest, TickerProgress, read_manifest
from tests.fakes.massive import Massive, Plan
from tests.fakes.massive.past import PastDay

from .conftest import NOW_NS, PAST, fetching, wanted


def asked(fake: Massive, start: str) -> list[str]:
    return [each.path for each in fake.asked if each.path.startswith(start)]


async def fetch(fake: Massive, folder: Path, strikes: int | None = None, past: PastDay = PAST) -> DayFetch:
    async with fetching(fake, folder) as backfill:
        return await backfill.fetch(wanted(past, strikes))


def rows(folder: Path, kind: str, ticker: str) -> list[dict[str, object]]:
    path = folder / "historical" / kind / "2025-12-16" / f"{ticker.replace('O:', 'O_')}.parquet"
    found: list[dict[str, object]] = pq.read_table(path).to_pylist()
    return found


def states(folder: Path) -> Counter[tuple[str, str]]:
    entries = read_manifest(Historical(folder).manifest(PAST.day, "SPY"))
    return Counter((each.kind, each.state) for each in entries)


def pieces(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


async def test_a_day_is_fetched_whole_and_once(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        first = await fetch(fake, tmp_path)
        requests = len(fake.asked)
        again = await fetch(fake, tmp_path)
        assert len(fake.asked) == requests
    assert not first.failures
    assert first.files == again.files
    assert states(tmp_path) == {
        ("bars", "complete"): 1,
        ("contracts", "complete"): 1,
        ("trades", "complete"): 42,
        ("quotes", "complete"): 42,
    }
    ticker = PAST.tickers[0]
    assert [row["sip_timestamp"] for row in rows(tmp_path, "trades", ticker)] == [
        row["sip_timestamp"] for row in fake.shelf.trades[ticker]
    ]
    assert rows(tmp_path, "bars", "SPY")[0]["previous_close"] == 678.25


async def test_pages_that_end_within_an_instant_lose_and_repeat_nothing(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.page = 3
        await fetch(fake, tmp_path)
    for ticker in PAST.tickers:
        found = rows(tmp_path, "trades", ticker)
        assert [row["sequence_number"] for row in found] == list(range(PAST.trades))
        assert [row["price"] for row in found] == [row["price"] for row in fake.shelf.trades[ticker]]
    assert not pieces(tmp_path)


async def test_strikes_are_those_around_every_price_of_that_day(tmp_path: Path) -> None:
    past = replace(PAST, spots=(679.6, 684.2))
    async with Massive() as fake:
        past.shelve(fake.shelf)
        await fetch(fake, tmp_path, strikes=2, past=past)
        strikes = {int(path[-8:]) // 1000 for path in asked(fake, "/v3/trades")}
    assert strikes == {678, 679, 680, 681, 682, 683, 684, 685, 686}


async def test_only_what_is_missing_is_fetched_for_more_strikes(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        few = await fetch(fake, tmp_path, strikes=1)
        before = set(asked(fake, "/v3/trades"))
        fake.asked.clear()
        more = await fetch(fake, tmp_path, strikes=3)
        assert before.isdisjoint(asked(fake, "/v3/trades"))
        assert not asked(fake, "/v2/aggs")
    assert set(few.files) < set(more.files)


async def test_a_refused_plan_is_asked_for_quotes_once_and_not_the_next_day_either(tmp_path: Path) -> None:
    later = replace(PAST, day=date(2025, 12, 17), before=PAST.day)
    async with Massive(Plan(rest_refused=("/v3/quotes",))) as fake, fetching(fake, tmp_path) as backfill:
        PAST.shelve(fake.shelf)
        later.shelve(fake.shelf)
        first = await backfill.fetch(wanted(strikes=1))
        second = await backfill.fetch(wanted(later, strikes=1))
        assert len(asked(fake, "/v3/quotes")) == 1
        await fetch(fake, tmp_path, strikes=1)
        assert len(asked(fake, "/v3/quotes")) == 1
    for each in (first, second):
        assert any(note.startswith("There are no quotes: Massive's plan") for note in each.notes)
    assert states(tmp_path)["quotes", "refused"] == 1


async def test_quotes_are_asked_for_again_when_the_refusal_is_old(tmp_path: Path) -> None:
    async with Massive(Plan(rest_refused=("/v3/quotes",))) as fake, fetching(fake, tmp_path) as backfill:
        PAST.shelve(fake.shelf)
        await backfill.fetch(wanted(strikes=1))
    async with Massive() as paid, fetching(paid, tmp_path) as backfill:
        PAST.shelve(paid.shelf)
        backfill.now_ns = lambda: NOW_NS + 25 * 3600 * 10**9
        fetched = await backfill.fetch(wanted(strikes=1))
        assert asked(paid, "/v3/quotes")
        assert not asked(paid, "/v3/trades")
    assert not any("no quotes" in note for note in fetched.notes)


async def test_a_wrong_key_is_no_plan_without_quotes(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.broken["/v3/quotes"] = 401
        with pytest.raises(CredentialError, match="does not know this key"):
            await fetch(fake, tmp_path, strikes=1)
    assert ("quotes", "refused") not in states(tmp_path)


async def test_a_contract_that_never_traded_is_remembered_as_empty(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        silent = PAST.tickers[20]
        fake.shelf.trades[silent] = []
        await fetch(fake, tmp_path)
        fake.asked.clear()
        await fetch(fake, tmp_path)
        assert not fake.asked
    assert states(tmp_path)["trades", "empty"] == 1


async def test_a_failing_ticker_is_named_and_fetched_by_the_next_run_alone(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        path = f"/v3/trades/{PAST.tickers[4]}"
        fake.shelf.broken[path] = 500
        first = await fetch(fake, tmp_path)
        assert [name for name, _ in first.failures] == [f"trades of {PAST.tickers[4]}"]
        fake.shelf.broken.clear()
        fake.asked.clear()
        second = await fetch(fake, tmp_path)
        assert asked(fake, "/") == [path]
    assert not second.failures
    assert len(second.files) == len(first.files) + 1


async def test_a_provider_that_went_away_is_not_asked_for_every_ticker(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.broken["/v3/trades"] = 503
        fetched = await fetch(fake, tmp_path)
        assert len(set(asked(fake, "/v3/trades"))) < len(PAST.tickers) / 2
        assert not asked(fake, "/v3/quotes")
    assert {name for name, _ in fetched.failures} == {f"trades of {each}" for each in PAST.tickers}


async def test_a_half_day_is_fetched_within_its_hours(tmp_path: Path) -> None:
    half = replace(PAST, day=date(2025, 11, 28), before=date(2025, 11, 26), minutes=210)
    async with Massive() as fake:
        half.shelve(fake.shelf)
        await fetch(fake, tmp_path, strikes=1, past=half)
        asked_for = next(each for each in fake.asked if each.path.startswith("/v3/trades"))
        bars = asked(fake, "/v2/aggs")
    hour_ns = 3600 * 10**9
    assert int(asked_for.query["timestamp.lt"]) - half.open_ms * 10**6 == 4.5 * hour_ns + 1
    assert bars[0].endswith(f"/{half.open_ms}/{half.open_ms + 224 * 60_000}")


async def test_an_index_is_asked_for_under_its_own_name(tmp_path: Path) -> None:
    past = replace(PAST, symbol="SPX", root="SPXW", index_prefix="I:", strikes=range(675, 690, 5))
    async with Massive() as fake:
        past.shelve(fake.shelf)
        fetched = await fetch(fake, tmp_path, strikes=1, past=past)
        assert asked(fake, "/v2/aggs/ticker/I:SPX")
    assert not fetched.failures
    assert len([path for path in fetched.files if path.parent.parent.name == "trades"]) == 6


async def test_without_minute_bars_only_all_strikes_can_be_had(tmp_path: Path) -> None:
    async with Massive(Plan(rest_refused=("/v2/aggs",))) as fake:
        PAST.shelve(fake.shelf)
        with pytest.raises(NoDataError) as error:
            await fetch(fake, tmp_path, strikes=2)
        assert str(error.value).startswith(
            "There are no minute bars of SPY: Massive's plan for this key does not"
        )
        assert "; spymon backfill 2025-12-16 --symbol SPY --all fetches every strike." in str(error.value)
        fetched = await fetch(fake, tmp_path)
    assert any(note.startswith("There are no minute bars of SPY") for note in fetched.notes)
    assert len(fetched.files) == 84


@pytest.mark.parametrize(
    ("path", "what"), [("/v3/trades", "past trades"), ("/v3/reference/options", "listing")]
)
async def test_a_plan_that_lacks_what_is_needed_is_told_what_that_is(
    path: str, what: str, tmp_path: Path
) -> None:
    async with Massive(Plan(rest_refused=(path,))) as fake:
        PAST.shelve(fake.shelf)
        with pytest.raises(
            CredentialError, match=f"^There (are|is) no {what}: Massive's plan for this key does"
        ):
            await fetch(fake, tmp_path)


async def test_the_listing_is_that_of_the_day(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.contracts[0]["listed"] = "2025-12-17"
        await fetch(fake, tmp_path)
        assert f"/v3/trades/{PAST.tickers[0]}" not in asked(fake, "/v3/trades")


async def test_a_file_that_was_changed_or_deleted_is_fetched_again(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fetched = await fetch(fake, tmp_path)
        victim = next(path for path in fetched.files if path.parent.parent.name == "quotes")
        victim.write_bytes(b"PAR1")
        fake.asked.clear()
        await fetch(fake, tmp_path)
        assert asked(fake, "/") == [f"/v3/quotes/{victim.stem.replace('O_', 'O:')}"]


async def test_two_processes_do_not_fetch_one_day(tmp_path: Path) -> None:
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        held = FetchManifest(Historical(tmp_path).manifest(PAST.day, "SPY"))
        with held, pytest.raises(StoreError, match="another spymon"):
            await fetch(fake, tmp_path)
        await fetch(fake, tmp_path)


async def test_an_unknown_underlying_has_no_such_options(tmp_path: Path) -> None:
    past = replace(PAST, symbol="QQQ", root="QQQ")
    async with Massive() as fake:
        past.shelve(fake.shelf)
        fake.shelf.contracts.clear()
        with pytest.raises(NoDataError, match="QQQ had no such options on 2025-12-16"):
            await fetch(fake, tmp_path, strikes=2, past=past)


async def test_an_old_refusal_that_is_heard_again_is_remembered_for_another_day(tmp_path: Path) -> None:
    async with Massive(Plan(rest_refused=("/v3/quotes",))) as fake, fetching(fake, tmp_path) as first:
        PAST.shelve(fake.shelf)
        await first.fetch(wanted(strikes=1))
        for hours, times in ((25, 2), (26, 2), (50, 3)):
            async with fetching(fake, tmp_path) as backfill:
                backfill.now_ns = lambda hours=hours: NOW_NS + hours * 3600 * 10**9
                await backfill.fetch(wanted(strikes=1))
            assert len(asked(fake, "/v3/quotes")) == times


async def test_a_ticker_whose_pieces_are_gone_is_fetched_from_its_start(tmp_path: Path) -> None:
    cache, ticker = Historical(tmp_path), PAST.tickers[0]
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        await fetch(fake, tmp_path)
        before = rows(tmp_path, "trades", ticker)
        late_ns = before[-1]["sip_timestamp"]
        assert isinstance(late_ns, int)
        with FetchManifest(cache.manifest(PAST.day, "SPY")) as manifest:
            manifest.put(TickerProgress("trades", ticker, "partial", NOW_NS, 4, 2000, 2, late_ns))
        cache.file("trades", PAST.day, ticker).unlink()
        fetched = await fetch(fake, tmp_path)
    assert not fetched.failures
    assert rows(tmp_path, "trades", ticker) == before


async def test_a_file_that_goes_during_the_run_is_missed_at_its_end(tmp_path: Path) -> None:
    cache, ticker = Historical(tmp_path), PAST.tickers[0]
    path = cache.file("trades", PAST.day, ticker)
    async with Massive() as fake, fetching(fake, tmp_path) as backfill:
        PAST.shelve(fake.shelf)
        backfill.tell = lambda run: path.unlink(missing_ok=True) if run.done > len(PAST.tickers) else None
        first = await backfill.fetch(wanted())
        assert first.failures == ((f"trades of {ticker}", "It was taken away while others were fetched."),)
        backfill.tell = lambda run: None
        assert not (await backfill.fetch(wanted())).failures
    assert path.exists()


async def test_files_that_fail_now_and_then_are_no_provider_that_went_away(tmp_path: Path) -> None:
    broken = PAST.tickers[::4]
    async with Massive() as fake:
        PAST.shelve(fake.shelf)
        fake.shelf.broken |= {f"/v3/trades/{ticker}": 400 for ticker in broken}
        fetched = await fetch(fake, tmp_path)
    assert len(broken) > GIVE_UP
    assert {name for name, _ in fetched.failures} == {f"trades of {ticker}" for ticker in broken}


async def test_a_run_that_was_cut_short_within_its_files_is_gone_on_with_from_there(tmp_path: Path) -> None:
    async with Massive() as fake, fetching(fake, tmp_path) as backfill:
        PAST.shelve(fake.shelf)
        fake.shelf.page = 3
        run = asyncio.create_task(backfill.fetch(wanted()))

        def cut(progress: FetchProgress) -> None:
            if progress.done:
                run.cancel()

        backfill.tell = cut
        with pytest.raises(asyncio.CancelledError):
            await run
        assert states(tmp_path)["trades", "partial"]
        backfill.tell = lambda progress: None
        await backfill.fetch(wanted())
    for ticker in PAST.tickers:
        found = [row["sequence_number"] for row in rows(tmp_path, "trades", ticker)]
        assert found == list(range(PAST.trades))
    entries = read_manifest(Historical(tmp_path).manifest(PAST.day, "SPY"))
    assert {each.rows for each in entries if each.kind == "trades"} == {PAST.trades}
