"""What a pipe gets: the JSON keys that scripts rely on, null for what nobody knows, tape order, flushing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from engine.analytics.exposure_choice import METRICS
from engine.model.calendar import parse_time
from engine.model.events import MISSING
from engine.session.headless import EventUpdate, HorizonOutcome, Item, Notice, Status, Summary, replay
from engine.session.symbol_day import PlayerParams
from engine.views.view import FiredSignal, Outcome, SignalEvent, SignalRow, View
from tui.cli.headless import print_items
from tui.cli.json_lines import as_json, as_object, as_text
from tui.cli.output import LineWriter, rfc3339
from tui.run.sources import simulated

TS = 1_765_895_400_123_456_789
DAY = date(2025, 12, 16)
HEAD = {"type", "ts", "ts_ns", "symbol"}
LEG = {
    "bid", "ask", "last", "volume", "oi", "iv", "delta", "gamma", "gex", "premium", "net_delta_flow", "age_s",
}  # fmt: skip

ViewMaker = Callable[..., View]


def status(**changes: Any) -> Status:
    return replace(Status(TS, "SPY", "REPLAY", "simulated", 118_201, 23_100.4, 0, 1, "none"), **changes)


def summary(**changes: Any) -> Summary:
    signals = {"volume_spike": 3, "price_move": 0}
    made = Summary("SPY", "simulated", 100, 20, 80, signals, "ab12", 0.5, 200.0, TS, TS + 10**9, TS)
    return replace(made, **changes)


def test_every_line_has_type_moment_and_symbol(
    make_view: ViewMaker, make_signal: Callable[..., SignalRow]
) -> None:
    items: list[Item] = [FiredSignal("SPY", make_signal(5)), status(), make_view(), summary()]
    for item, kind in zip(items, ("signal", "status", "view", "summary"), strict=True):
        got = json.loads(as_json(item))
        assert HEAD <= set(got)
        assert (got["type"], got["symbol"]) == (kind, "SPY")
        assert got["ts"] == rfc3339(got["ts_ns"])


def test_a_moment_is_rfc_3339_in_utc_to_the_nanosecond() -> None:
    assert rfc3339(TS) == "2025-12-16T14:30:00.123456789Z"
    assert rfc3339(TS // 10**9 * 10**9) == "2025-12-16T14:30:00.000000000Z"


def test_signal_keys_are_the_contracts(make_signal: Callable[..., SignalRow]) -> None:
    got = as_object(FiredSignal("SPY", make_signal(5), event=3, also=("sweep",)))
    assert (got["event"], got["also"]) == (3, ["sweep"])
    assert set(got) == HEAD | {
        "signal", "contract", "direction", "strength", "reason", "evidence", "side_confidence",
        "rule_version", "event", "also", "action", "bias",
    }  # fmt: skip
    assert (got["signal"], got["contract"], got["direction"]) == (
        "volume_spike",
        "O:SPY251216C00685000",
        "buy",
    )
    assert got["evidence"] == {"z": 6.2, "volume": 1840.0, "ratio": 20.0, "premium_usd": 412_000.0}


def test_evidence_that_a_rule_did_not_use_is_null(make_signal: Callable[..., SignalRow]) -> None:
    got = as_object(FiredSignal("SPY", make_signal(5, evidence=(("z", nan), ("percent", 4.0)))))
    assert got["evidence"] == {"z": None, "percent": 4.0}


def test_outcome_keys_are_the_contracts(make_signal: Callable[..., SignalRow]) -> None:
    row, joined = make_signal(5), make_signal(6, rule="sweep")
    outcome = Outcome(60, 800, -150, 1_200, -250, touched=True, hit=False)
    got = json.loads(as_json(HorizonOutcome(TS, "SPY", joined, row, outcome)))
    assert set(got) == HEAD | {
        "signal", "signal_ts_ns", "rule", "contract", "horizon_s", "underlying_move", "contract_move", "best",
        "worst", "touched", "hit",
    }  # fmt: skip
    assert (got["type"], got["ts_ns"], got["signal_ts_ns"]) == ("outcome", TS, row.ts_ns)
    assert (got["signal"], got["rule"], got["horizon_s"]) == ("volume_spike", "sweep", 60)
    assert got["contract"] == "O:SPY251216C00685000"
    assert [got[name] for name in ("underlying_move", "contract_move", "best", "worst")] == [
        0.08, -0.015, 0.12, -0.025,
    ]  # fmt: skip
    assert (got["touched"], got["hit"]) == (True, False)


def test_update_keys_are_the_contracts(make_signal: Callable[..., SignalRow]) -> None:
    head, joined = make_signal(5), make_signal(6, rule="sweep")
    event = SignalEvent(("volume_spike", "sweep"), 3, 1840, 412_000.0)
    update = EventUpdate(joined.ts_ns, "SPY", joined, head, 7, event)
    got = json.loads(as_json(update))
    assert set(got) == HEAD | {
        "signal", "signal_ts_ns", "event", "joined", "contract", "count", "size", "premium_usd",
    }  # fmt: skip
    assert (got["type"], got["ts_ns"], got["signal_ts_ns"]) == ("update", joined.ts_ns, head.ts_ns)
    assert [got[name] for name in ("signal", "joined", "event", "count", "size", "premium_usd")] == [
        "volume_spike", "sweep", 7, 3, 1840, 412_000.0,
    ]  # fmt: skip
    assert as_text(update) is None
    no_print = replace(update, event=SignalEvent(("price_move", "fmv_divergence"), 2, None, None))
    assert [as_object(no_print)[name] for name in ("size", "premium_usd")] == [None, None]


def test_an_outcome_nobody_knows_is_null_and_has_no_line_of_text(
    make_signal: Callable[..., SignalRow],
) -> None:
    row = make_signal(5, contract=None)
    followed = HorizonOutcome(TS, "SPY", row, row, Outcome(60, *[None] * 6))
    got = as_object(followed)
    names = ("contract", "underlying_move", "contract_move", "best", "worst", "touched", "hit")
    assert {got[name] for name in names} == {None}
    assert as_text(followed) is None


def test_view_keys_are_the_contracts(make_view: ViewMaker) -> None:
    got = as_object(make_view())
    assert set(got) == HEAD | {
        "spot", "badge", "net_gex", "zero_gamma", "zero_gamma_reason", "call_wall", "put_wall",
        "max_gex_strike", "convention", "unit", "flow", "lag_ms_p50", "lag_ms_p99", "strikes",
        "basis", "scope", "expiry", "expiries", "zero_gamma_band", "units", "totals", "dealers", "confidence",
        "unclassified_share", "by_expiry", "max_pain", "max_pain_all", "expected_move", "opening_move",
        "sigma_move", "atm_iv", "atm_iv_error", "pcr_volume", "pcr_oi", "pcr_premium",
    }  # fmt: skip
    assert set(got["flow"]) == {
        "call_premium", "put_premium", "net_delta", "net_gamma", "buy_volume", "sell_volume",
        "unclassified_volume", "expiries", "net_delta_5m",
    }  # fmt: skip
    for row in got["strikes"]:
        assert set(row) == {"strike", "call", "put", "exposures"}
        assert set(row["exposures"]) == set(METRICS)
        assert set(row["call"]) == set(row["put"]) == LEG


def test_view_numbers_are_dollars_and_dollars_per_percent(make_view: ViewMaker) -> None:
    view = make_view()
    got = as_object(view)
    assert got["spot"] == 681.42
    assert got["unit"] == "usd_per_1pct"
    assert got["net_gex"] == pytest.approx(view.gamma.net * 681.42**2 * 0.01)
    row = next(row for row in got["strikes"] if row["strike"] == 685.0)
    i = int(np.flatnonzero(view.strike_milli == 685_000)[0])
    assert row["call"]["bid"] == view.call.bid[i] / 10_000
    assert row["call"]["gex"] == pytest.approx(view.call.gex[i] * 681.42**2 * 0.01)
    assert row["put"]["volume"] == view.put.volume[i]
    assert row["exposures"]["gamma"]["net"] == pytest.approx(
        view.exposures["gamma"].net[i] * 681.42**2 * 0.01
    )
    assert row["exposures"]["vanna"]["put"] == view.exposures["vanna"].put[i]
    assert got["lag_ms_p50"] is None


def test_every_convention_is_told_with_its_flip(make_view: ViewMaker) -> None:
    got = as_object(make_view())
    assert [each["convention"] for each in got["dealers"]] == ["assumed", "flow", "blended"]
    assert [each["zero_gamma"] for each in got["dealers"]] == [679.8, 683.1, 681.2]
    assert got["zero_gamma_band"] == [679.8, 683.1]
    assert (got["basis"], got["scope"], got["expiries"]) == ("oi", "one", ["2025-12-16"])


def test_what_is_not_known_is_null_and_never_zero(empty_view: ViewMaker) -> None:
    got = json.loads(as_json(empty_view(spot=MISSING)))
    assert (got["spot"], got["net_gex"], got["zero_gamma"]) == (None, None, None)
    assert {got[name] for name in ("zero_gamma_band", "confidence", "atm_iv", "pcr_oi")} == {None}
    assert set(got["totals"]["delta"].values()) == {None}
    assert set(got["strikes"][0]["exposures"]["charm"].values()) == {None}
    assert got["zero_gamma_reason"]
    call = got["strikes"][0]["call"]
    assert {call[name] for name in ("bid", "ask", "last", "oi", "iv", "gamma", "gex", "age_s")} == {None}
    assert call["volume"] == 0


def test_a_strike_without_the_contract_is_all_null(make_view: ViewMaker) -> None:
    view = make_view()
    cid = view.put.cid.copy()
    cid[0] = -1
    got = as_object(replace(view, put=replace(view.put, cid=cid)))
    assert set(got["strikes"][0]["put"].values()) == {None}
    assert None not in (got["strikes"][1]["put"]["bid"], got["strikes"][0]["call"]["bid"])


def test_status_keys_are_the_contracts() -> None:
    got = as_object(status())
    assert set(got) == HEAD | {
        "badge", "source", "events", "events_per_s", "dropped", "gaps", "connection",
    }  # fmt: skip
    assert (got["events"], got["gaps"]) == (118_201, 1)


def test_summary_keys_are_the_contracts() -> None:
    got = as_object(summary())
    assert set(got) == HEAD | {
        "source", "events", "trades", "quotes", "signals", "shown_from", "fold_version", "state_hash",
        "wall_s", "events_per_s", "first_ts", "last_ts",
    }  # fmt: skip
    assert got["signals"] == {"volume_spike": 3, "price_move": 0}
    assert (got["first_ts"], got["last_ts"]) == (rfc3339(TS), rfc3339(TS + 10**9))
    assert got["ts"] == got["last_ts"]


def test_a_summary_of_nothing_has_no_moments() -> None:
    got = as_object(summary(events=0, first_ts=0, last_ts=0))
    assert (got["ts"], got["ts_ns"], got["first_ts"], got["last_ts"]) == (None,) * 4
    assert "1970" not in str(as_text(summary(events=0, first_ts=0, last_ts=0)))


@pytest.mark.parametrize("value", [inf, nan])
def test_json_never_holds_what_json_cannot(value: float) -> None:
    assert json.loads(as_json(status(events_per_s=value)))["events_per_s"] is None


def test_text_lines_say_the_same_in_one_line_each(
    make_view: ViewMaker, make_signal: Callable[..., SignalRow]
) -> None:
    fired = as_text(FiredSignal("SPY", make_signal(5)))
    assert fired == (
        "09:35:00.0 ▲ calls bought O:SPY251216C00685000 volume_spike      0.80  "
        "1,840 in 1 s, 20 times the usual"
    )
    assert as_text(status()) == (
        "09:30:00   SPY   REPLAY  simulated  events 118,201  23,100/s  dropped 0  gaps 1  none"
    )
    said = as_text(summary())
    assert said is not None
    assert "100 events (20 trades, 80 quotes)" in said
    assert "state ab12" in said
    assert "\n" not in said
    assert as_text(make_view()) is None


class Watched(io.StringIO):
    """A stream that notes how much it held at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[int] = []

    def flush(self) -> None:
        self.flushed.append(len(self.getvalue()))


def test_an_eager_writer_flushes_every_line_and_the_other_collects() -> None:
    eager, lazy = Watched(), Watched()
    for stream, is_eager in ((eager, True), (lazy, False)):
        writer = LineWriter(stream, is_eager)
        writer.write("one")
        writer.write("two")
    assert eager.flushed == [4, 8]
    assert (lazy.getvalue(), lazy.flushed) == ("", [])


def test_a_full_buffer_is_written_out() -> None:
    stream = Watched()
    writer = LineWriter(stream, eager=False)
    for _ in range(70):
        writer.write("x" * 999)
    assert stream.flushed == [66_000]
    writer.flush()
    assert stream.getvalue() == ("x" * 999 + "\n") * 70


def test_an_interrupted_run_has_flushed_every_line_it_made() -> None:
    def cut_short() -> Iterator[Item]:
        yield status()
        yield status(events=2)
        raise KeyboardInterrupt

    stream = Watched()
    with pytest.raises(KeyboardInterrupt):
        print_items(cut_short(), LineWriter(stream, eager=False), as_json=True)
    assert [json.loads(line)["events"] for line in stream.getvalue().splitlines()] == [118_201, 2]
    assert stream.flushed[-1] == len(stream.getvalue())


def run(symbols: tuple[str, ...], views: bool = True, minutes: int = 10) -> list[dict[str, Any]]:
    """Play the first minutes after ten o'clock of a simulated day and return its lines, read back."""
    params = PlayerParams(start_ns=parse_time("10:00", DAY), end_ns=parse_time(f"10:{minutes}", DAY))
    wall = iter(range(0, 10**15, 10**6))
    items = replay(simulated(DAY, 7, symbols), symbols, params, inf, lambda: next(wall), _never, views)
    stream = io.StringIO()
    print_items(items, LineWriter(stream, eager=False), as_json=True)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _never(seconds: float) -> None:
    raise AssertionError(f"slept {seconds} s at the unlimited speed")


def test_a_run_ends_with_one_summary_per_symbol() -> None:
    lines = run(("DIA", "NDX"))
    kinds = [line["type"] for line in lines]
    assert kinds[-2:] == ["summary", "summary"]
    assert kinds.count("summary") == 2
    assert [line["symbol"] for line in lines[-2:]] == ["DIA", "NDX"]


def test_lines_of_several_symbols_stand_in_tape_order() -> None:
    moments = [line["ts_ns"] for line in run(("DIA", "NDX")) if line["type"] in ("status", "view")]
    assert moments == sorted(moments)
    assert len(moments) > 200


def test_a_status_comes_every_five_seconds_of_tape_and_a_view_every_five_minutes() -> None:
    lines = run(("DIA",))
    gaps = np.diff([line["ts_ns"] for line in lines if line["type"] == "status"])
    assert set(gaps.tolist()) == {5 * 10**9}
    assert next(line["ts"][11:19] for line in lines if line["type"] == "view") == "15:05:00"


def test_the_summary_counts_what_the_lines_said() -> None:
    lines = run(("NDX",))
    said = [line["signal"] for line in lines if line["type"] == "signal"]
    total = lines[-1]["signals"]
    assert {kind: said.count(kind) for kind in total} == total
    assert lines[-1]["quotes"] + lines[-1]["trades"] < lines[-1]["events"]


def test_the_same_run_gives_the_same_lines_but_for_the_wall_clock() -> None:
    first, second = run(("DIA",), minutes=11), run(("DIA",), minutes=11)
    for line in (*first, *second):
        line.pop("wall_s", None)
        line.pop("events_per_s", None)
    assert first == second


def test_a_notice_is_for_the_person_and_not_for_the_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    print_items([Notice(TS, "SPY", "The rule x is switched off.")], LineWriter(out, eager=True), as_json=True)
    assert out.getvalue() == ""
    assert capsys.readouterr().err == "spymon: The rule x is switched off.\n"
