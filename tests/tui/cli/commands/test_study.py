"""`spymon study`: which days are folded, what is printed, and what cannot be."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date
from math import nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.outcomes import HORIZONS_S
from engine.fold.params import FoldParams
from engine.fold.rules.catalogue import RULE_NAMES
from engine.fold.rules.price_move import PRICE_MOVE
from engine.fold.rules.volume_spike import VOLUME_SPIKE
from engine.model.calendar import session
from engine.model.contracts import Contract, ContractTable
from engine.model.events import NS
from engine.views.scores import scoreboard
from engine.views.study import Tally, study_tape
from tui.cli.commands.study_lines import SHOWN, Study, as_json, as_text
from tui.cli.main import main

DAY = date(2025, 12, 16)
SCORE_KEYS = {
    "rule", "horizon_s", "n", "n_effective", "directed", "hit_rate", "control_rate", "touch_rate",
    "control_touch_rate", "mean_move", "low", "high",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no setting and no key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "MASSIVE_", "POLYGON_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("study", 2, "the following arguments are required: DATE"),
        ("study nope", 2, "The day nope is not a date; write it as YYYY-MM-DD."),
        ("study 2025-12-16..soon", 2, "The last day soon is not a date"),
        ("study 2025-12-17..2025-12-15", 2, "2025-12-17..2025-12-15 runs backwards"),
        ("study 2025-12-13..2025-12-14", 4, "There is no trading day from 2025-12-13 to 2025-12-14."),
        ("study 2025-12-14", 4, "2025-12-14 is a Sunday"),
        ("study 2025-12-16 --set volume_spke.z=5", 2, "did you mean volume_spike.z?"),
        ("study 2025-12-16 --set volume_spike.z", 2, "volume_spike.z needs NAME=VALUE"),
        (
            "study 2025-12-16 --set volume_spike.z=5 --set block.size=2 --set volume_spike.z=6",
            2,
            "volume_spike.z is given twice, 5 and 6; leave one of them out.",
        ),
        ("study 2025-12-16 --custom AAPL", 2, "AAPL"),
        ("study 2025-12-16 --symbol AAPL --custom AAPL:2.5", 4, "AAPL is not simulated"),
        ("study 2025-12-16 --source wild", 2, "--source wild is not one of"),
        ("study 2025-12-16 --preset wild", 2, "--preset wild is not default or seed."),
        ("study 2025-12-16 --symbol AAPL", 2, "AAPL has no preset"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    capsys: pytest.CaptureFixture[str], line: str, code: int, sentence: str
) -> None:
    assert main(line.split()) == code
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


# --- the whole command ------------------------------------------------------------------------------------


def test_json_is_one_object_that_says_what_a_plain_study_finds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", str(DAY), "--symbol", "DIA", "--set", "volume_spike.z=5", "--json"]) == 0
    captured = capsys.readouterr()
    got = json.loads(captured.out)
    assert (got["type"], got["days"], got["symbols"], got["preset"], got["settings"]) == (
        "study", ["2025-12-16"], ["DIA"], "default", ["volume_spike.z=5"],
    )  # fmt: skip
    assert got["source"] == "simulated"
    found = scoreboard(study_tape(SimulatedSource(DAY).open("DIA"), [FoldParams()], lambda share: None))
    then = [
        tuple(score[key] for key in ("rule", "n", "hit_rate", "control_rate"))
        for score in got["then"]["scores"]
    ]
    assert then == [(score.rule, score.n, score.hit_rate, score.control_rate) for score in found.scores]
    assert set(got["now"]["alerts_per_h"]) == set(RULE_NAMES)
    assert got["scores"] == got["now"]["scores"]
    assert all(set(score) == SCORE_KEYS for score in got["scores"])
    fired = sum(got["then"]["alerts_per_h"].values()) * 6.75
    assert got["kept"] + len(got["moved"]) + len(got["removed"]) == pytest.approx(fired)
    assert fired > 0
    assert set(got["removed"][0]) == {"ts", "ts_ns", "symbol", "signal", "contract"}


def test_without_a_symbol_the_first_of_the_watch_list_is_studied(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "spymon.toml").write_text('symbol = "DIA,IWM"\n')
    assert main(["study", str(DAY)]) == 0
    assert capsys.readouterr().out.startswith("SIMULATED  2025-12-16: DIA, preset default, ")


# --- what is printed --------------------------------------------------------------------------------------


def made(rows: list[tuple[float, int, float]], day: date = DAY, symbol: str = "SPY") -> Tally:
    """Build a tally of (second after the open, rule, hit), each against an even chance."""
    at, rule, hit = (np.array(column) for column in zip(*rows, strict=True))
    wide = np.repeat(hit.astype(float)[:, None], len(HORIZONS_S), 1)
    return Tally(
        day=day,
        symbol=symbol,
        contracts=ContractTable([Contract("SPY", DAY, "C", 685_000)]),
        hours=6.5,
        ts_ns=session(day).open_ns + (at * NS).astype(np.int64),
        rule=rule.astype(np.int64),
        cid=np.ones(len(rows), np.int64),
        hit=wide,
        touched=np.nan_to_num(wide, nan=1.0),
        move=0.1 * wide,
        control_hit=np.where(np.isnan(wide), nan, 0.5),
        control_touch=np.full(wide.shape, 0.25),
    )


THEN = [made([(60, VOLUME_SPIKE, 1), (90, VOLUME_SPIKE, 0), (9000, PRICE_MOVE, nan)])]


def study(**changes: Any) -> Study:
    return replace(Study("default", (), 7, THEN, None), **changes)


def test_a_table_says_rates_beside_chance() -> None:
    lines = as_text(study()).splitlines()
    assert lines[0] == "2025-12-16: SPY, preset default, 3 signals in 6.5 h of tape"
    spike = next(line for line in lines if line.startswith("volume_spike")).split()
    assert spike == ["volume_spike", "0.3", "1", "min", "2", "1.5", "50%", "50%", "-", "50%", "25%", "+0.050"]
    neutral = next(line for line in lines if line.startswith("price_move")).split()
    assert neutral == ["price_move", "0.2", "1", "min", "1", "1.0", "-", "-", "-", "100%", "25%", "-"]
    assert any(line.startswith("never fired: spread_tightening, fmv_divergence") for line in lines)


def test_columns_stand_below_their_names() -> None:
    lines = as_text(study()).splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("rule"))
    assert len({len(line) for line in lines[head : head + 7]}) == 1


def test_several_days_have_an_interval() -> None:
    days = [*THEN, made([(60, VOLUME_SPIKE, 1), (4000, VOLUME_SPIKE, 1)], date(2025, 12, 17))]
    text = as_text(study(then=days))
    assert text.startswith("2 days, 2025-12-16 to 2025-12-17: SPY")
    assert "+0 to +50" in text
    low = json.loads(as_json(study(then=days)))["scores"][0]["low"]
    assert low == pytest.approx(0.0)


def test_other_thresholds_are_shown_beside_the_old_ones() -> None:
    now = [made([(60, VOLUME_SPIKE, 1), (500, VOLUME_SPIKE, 1), (9000, PRICE_MOVE, nan)])]
    text = as_text(study(settings=("volume_spike.z=5",), now=now))
    assert "with volume_spike.z=5: 1 added, 1 removed, 2 kept, 0 moved\n" in text
    changed = next(line for line in text.splitlines()[12:] if line.startswith("volume_spike")).split()
    assert changed == [
        "volume_spike", "0.3", "0.3", "1", "min", "2", "2", "50%", "100%", "+0", "+50",
    ]  # fmt: skip
    assert "added  2025-12-16 09:38:20  volume_spike       O:SPY251216C00685000\n" in text


def test_a_signal_a_second_later_is_moved() -> None:
    now = [made([(61, VOLUME_SPIKE, 1), (2000, VOLUME_SPIKE, 0), (9000, PRICE_MOVE, nan)])]
    whole = study(settings=("volume_spike.z=5",), now=now)
    text = as_text(whole)
    assert "1 added, 1 removed, 1 kept, 1 moved\n" in text
    assert "moved  2025-12-16 09:31:00  volume_spike       O:SPY251216C00685000 to 09:31:01\n" in text
    (moved,) = json.loads(as_json(whole))["moved"]
    assert moved["now_ts_ns"] - moved["ts_ns"] == NS
    assert moved["now_ts"][11:19] == "14:31:01"


def test_a_rule_that_falls_silent_keeps_its_row() -> None:
    text = as_text(study(settings=("price_move.z=99",), now=[made([(60, VOLUME_SPIKE, 1)])]))
    silent = [line for line in text.splitlines() if line.startswith("price_move")][-1].split()
    assert silent == ["price_move", "0.2", "0.0", "15", "min", "1", "0", "-", "-", "-", "-"]


def test_long_lists_are_cut_in_text_and_whole_in_json() -> None:
    many = [made([(60 + i, VOLUME_SPIKE, 1) for i in range(40)])]
    whole = study(settings=("volume_spike.z=1",), now=many)
    text = as_text(whole)
    assert text.count("\nadded  2025") == SHOWN
    assert f"added  and {39 - 1 - SHOWN} more; --json lists them all" in text
    assert len(json.loads(as_json(whole))["added"]) == 38


def test_without_changes_json_has_no_comparison() -> None:
    got = json.loads(as_json(study()))
    assert set(got) == {"type", "days", "symbols", "source", "preset", "settings", "scores", "alerts_per_h"}
    neutral = got["scores"][-1]
    assert (neutral["hit_rate"], neutral["mean_move"], neutral["low"]) == (None, None, None)
