"""`spymon levels` and `spymon snapshot` as commands: figures, shapes, sentences and exit codes."""

from __future__ import annotations

import asyncio
import csv
import json
import math
import os
import re
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.model.calendar import ET
from engine.store.days.meta import Facts
from engine.store.days.store import DayStore
from engine.store.journal.encoding import Recording
from engine.store.journal.writer import Journal
from tests.fakes.massive import KEY, Massive
from tests.fakes.massive.shelf import chain_row
from tests.paths import REFERENCE, SHARED
from tui.cli.main import main

CHAIN = "reference/chain_spx_2022-07-12_le7d.csv"
QUOTEDATA = "data/cboe_spy_quotedata_2025-05-01_0828ET.csv"
GEX = REFERENCE / "gex_spx_2022-07-12.json"
FLAT = ["--iv", "vendor", "--rate", "0", "--dividend", "0"]
KEYS = {
    "symbol", "spot", "at", "unit", "convention", "net_gex", "call_gex", "put_gex", "gross_gex", "call_wall",
    "put_wall", "max_gex_strike", "zero_gamma", "zero_gamma_reason", "zero_gamma_roots", "max_pain",
    "expected_move", "pcr_volume", "pcr_oi", "contracts", "strikes",
}  # fmt: skip
PLAIN = """symbol,root,expiry,right,strike,bid,ask,volume,oi,iv
ABC,ABC,2025-05-16,C,100,2.0,2.2,10,500,0.31
ABC,ABC,2025-05-16,P,100,1.9,2.1,20,300,0.31
ABC,ABC,2025-05-16,C,105,0.5,0.6,5,900,0.30
ABC,ABC,2025-05-16,P,95,0.4,0.5,5,1200,0.33
"""
MOMENT = ["--spot", "100.1", "--at", "2025-05-12T10:00"]

Run = Callable[..., tuple[int, str, str]]
DayOf = Callable[[str, date], None]
MADE_NS = 1_765_900_800_000_000_000


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no setting and no key but a test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "SSH_", "MASSIVE_", "POLYGON_")):
            monkeypatch.delenv(name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*argv: str) -> tuple[int, str, str]:
        code = main(list(argv))
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def plain(tmp_path: Path) -> str:
    (tmp_path / "abc.csv").write_text(PLAIN, encoding="utf-8")
    return "abc.csv"


def shared(name: str) -> str:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    return str(path)


# --- figures ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("expiry", "at"), [("0dte", 0), ("2022-07-12", 0), ("2022-07-15", 1)])
def test_a_real_chain_has_the_levels_of_the_reference(run: Run, expiry: str, at: int) -> None:
    code, out, _ = run(
        "levels", "--chain", shared(CHAIN), *FLAT, "--spot", "3856.28", "--at", "2022-07-12T11:55", "--json",
        "--expiry", expiry,
    )  # fmt: skip
    assert code == 0
    found, whole = json.loads(out), json.loads(GEX.read_text())
    gex, chain = whole["gex"][at], whole["chain_metrics"][at]
    assert found["contracts"] == gex["n_contracts"]
    for name in ("net", "call", "put", "gross"):
        assert found[f"{name}_gex"] == pytest.approx(gex[f"{name}_gex_per1pct"], rel=1e-9)
    assert found["zero_gamma_roots"] == pytest.approx(gex["zero_gamma_roots"], abs=1e-6)
    assert found["zero_gamma"] == pytest.approx(gex["zero_gamma_nearest_spot"], abs=1e-6)
    walls = (found["call_wall"], found["put_wall"], found["max_gex_strike"])
    assert walls == (gex["call_wall"], gex["put_wall"], gex["max_abs_net_strike"])
    assert found["max_pain"] == chain["max_pain"]
    assert found["expected_move"] == pytest.approx(chain["expected_move_straddle"])
    assert found["pcr_volume"] == pytest.approx(chain["pcr_volume"])
    assert found["pcr_oi"] == pytest.approx(chain["pcr_oi"])


def by_numpy(path: str, spot: float, at: datetime) -> dict[float, float]:
    """Net GEX by strike of the exchange's table, $ per 1 %, without anything of ours."""
    with open(path, newline="") as file:
        rows = [row for row in csv.reader(file) if len(row) == 22][1:]
    totals: dict[float, float] = {}
    for row in rows:
        day = datetime.strptime(row[0], "%a %b %d %Y").replace(hour=16, tzinfo=ET)
        T = (day - at).total_seconds() / (365 * 86_400)
        for sign, offset in ((1, 2), (-1, 13)):
            iv, oi = float(row[offset + 5]), float(row[offset + 8])
            if iv > 0 and oi > 0:
                K, sd = float(row[11]), iv * math.sqrt(T)
                d1 = math.log(spot / K) / sd + sd / 2
                gamma = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi) / (spot * sd)
                totals[K] = totals.get(K, 0.0) + sign * gamma * oi * 100 * spot * spot * 0.01
    return totals


def test_the_exchanges_file_has_the_levels_of_an_independent_loop(run: Run) -> None:
    path = shared(QUOTEDATA)
    code, out, err = run("levels", "--chain", path, *FLAT, "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["symbol"], found["spot"], found["at"]) == ("SPY", 560.36, "2025-05-01T08:28:00-04:00")
    expected = by_numpy(path, 560.36, datetime(2025, 5, 1, 8, 28, tzinfo=ET))
    nets = {row["strike"]: row["net_gex"] for row in found["strikes"]}
    for strike, net in expected.items():
        assert nets[strike] == pytest.approx(net, rel=1e-9, abs=1e-3)
    assert found["net_gex"] == pytest.approx(math.fsum(expected.values()), rel=1e-9)
    assert "The quotes are delayed by 15 minutes." in err


def test_last_nights_quotes_are_told_from_this_mornings_spot(run: Run) -> None:
    code, out, err = run("levels", "--chain", shared(QUOTEDATA), "--json")
    assert code == 0
    assert "imply a spot of 556." in err
    forwards = [each["forward"] for each in json.loads(out)["expiries"]]
    np.testing.assert_allclose(forwards, 560.36, rtol=6e-3)


def test_delta_vanna_and_charm_are_summed_in_dollars(run: Run, plain: str) -> None:
    flat = ("--rate", "0", "--dividend", "0", "--iv", "vendor")
    found = json.loads(run("levels", "--chain", plain, *MOMENT, *flat, "--json")[1])
    spot, years = 100.1, (4 * 24 + 6) / (365 * 24)
    rows = [(100, 1, 500, 0.31), (100, -1, 300, 0.31), (105, 1, 900, 0.30), (95, -1, 1200, 0.33)]
    delta = vanna = charm = 0.0
    for strike, sign, oi, iv in rows:
        sd = iv * math.sqrt(years)
        d1 = math.log(spot / strike) / sd + sd / 2
        density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
        held = sign * oi * 100
        delta += held * (0.5 * (1 + math.erf(d1 / math.sqrt(2))) - (sign < 0))
        vanna += held * -density * (d1 - sd) / iv / 100
        charm += held * density * (d1 - sd) / (2 * years) / 525_600
    values = [found[name] for name in ("net_dex", "net_vanna", "net_charm")]
    assert values == pytest.approx([delta * spot, vanna * spot, charm * spot], rel=1e-9)


def test_contracts_traded_can_be_weighed_in_place_of_open_interest(run: Run, plain: str) -> None:
    by_oi = json.loads(run("levels", "--chain", plain, *MOMENT, "--json")[1])
    by_volume = json.loads(run("levels", "--chain", plain, *MOMENT, "--basis", "volume", "--json")[1])
    assert (by_oi["basis"], by_volume["basis"]) == ("oi", "volume")
    nets = [{row["strike"]: row["net_gex"] for row in found["strikes"]} for found in (by_oi, by_volume)]
    assert nets[1][105] == pytest.approx(nets[0][105] * 5 / 900)
    table = run("levels", "--chain", plain, *MOMENT, "--basis", "volume")[1]
    assert "GEX in $ per 1 % by contracts traded" in table


def test_a_file_without_open_interest_says_what_else_can_be_weighed(run: Run, tmp_path: Path) -> None:
    text = PLAIN.replace(",oi,", ",was,")
    (tmp_path / "none.csv").write_text(text, encoding="utf-8")
    code, _, err = run("levels", "--chain", "none.csv", *MOMENT)
    assert code == 4
    assert "No contract of ABC has open interest" in err
    assert "--basis volume" in err
    assert run("levels", "--chain", "none.csv", *MOMENT, "--basis", "volume")[0] == 0


def test_what_had_settled_is_said_and_left_out(run: Run, tmp_path: Path) -> None:
    text = PLAIN + "ABC,ABC,2025-05-09,C,100,0.1,0.2,7,50,0.3\n"
    (tmp_path / "old.csv").write_text(text, encoding="utf-8")
    code, out, err = run("levels", "--chain", "old.csv", *MOMENT, "--json")
    assert code == 0
    assert json.loads(out)["contracts"] == 4
    assert "1 contract had settled by 2025-05-12 10:00 and is left out: ABC 2025-05-09." in err
    assert "1 expired contract has volume of that day: the quotes are older than 2025-05-12." in err


@pytest.mark.parametrize(
    ("root", "expiry", "alive_at", "settled_at"),
    [
        ("SPX", "2025-12-19", "2025-12-19T09:29", "2025-12-19T09:31"),
        ("NDX", "2025-12-19", "2025-12-19T09:29", "2025-12-19T09:31"),
        ("RUT", "2025-12-19", "2025-12-19T09:29", "2025-12-19T09:31"),
        ("RUTW", "2025-12-19", "2025-12-19T15:59", "2025-12-19T16:01"),
        ("VIX", "2025-12-17", "2025-12-16T16:10", "2025-12-17T09:31"),
        ("VIXW", "2025-12-10", "2025-12-09T16:10", "2025-12-10T09:31"),
        ("XSP", "2025-12-19", "2025-12-19T15:59", "2025-12-19T16:01"),
        ("BRKB", "2025-12-19", "2025-12-19T15:59", "2025-12-19T16:01"),
    ],
)
def test_all_has_settled_at_the_opening_or_the_close_by_the_root(
    run: Run, tmp_path: Path, root: str, expiry: str, alive_at: str, settled_at: str
) -> None:
    (tmp_path / "one.csv").write_text(PLAIN.replace("ABC", root).replace("2025-05-16", expiry), "utf-8")
    moment = ("--spot", "100.1", "--at", alive_at, "--iv", "vendor")
    assert run("levels", "--chain", "one.csv", *moment)[0] == 0
    code, out, err = run("levels", "--chain", "one.csv", "--spot", "100.1", "--at", settled_at)
    assert (code, out) == (4, "")
    assert "Every contract had expired by" in err


@pytest.mark.parametrize("asked", ["BRK.B", "brk/b", "BRK-B", "BRK B", "BRKB"])
@pytest.mark.parametrize("written", ["BRKB", "BRK.B", "BRK/B", "BRK B"])
def test_a_class_of_shares_is_meant_in_every_spelling(
    run: Run, tmp_path: Path, asked: str, written: str
) -> None:
    rows = PLAIN.replace("ABC,ABC", f"{written},{written}")
    (tmp_path / "brk.csv").write_text(rows, encoding="utf-8")
    code, out, _ = run("levels", asked, "--chain", "brk.csv", *MOMENT, "--json")
    assert (code, json.loads(out)["symbol"]) == (0, "BRK.B")


@pytest.mark.parametrize("dividend", ["", "0.01"])
def test_levels_of_a_tape_are_those_its_own_view_shows(
    run: Run, monkeypatch: pytest.MonkeyPatch, dividend: str
) -> None:
    monkeypatch.setenv("SPYMON_DIVIDEND", dividend)
    _, out, _ = run("levels", "SPY", "--at", "11:00", "--json", "--expiry", "0dte")
    found = json.loads(out)
    _, lines, _ = run("--symbol", "SPY", "--to", "11:00", "--json", "--expiry", "0dte")
    view = [each for each in map(json.loads, lines.splitlines()) if each["type"] == "view"][-1]
    assert (found["symbol"], found["at"]) == ("SPY", "2025-12-16T11:00:00-05:00")
    for name in (
        "spot", "net_gex", "zero_gamma", "zero_gamma_reason", "call_wall", "put_wall", "max_gex_strike",
        "max_pain", "expected_move", "pcr_volume", "pcr_oi",
    ):  # fmt: skip
        assert found[name] == view[name], name


def test_the_sign_of_a_tape_can_be_inferred_from_its_flow(run: Run) -> None:
    nets = {}
    for convention in ("assumed", "flow", "blended"):
        code, out, err = run("levels", "DIA", "--at", "10:00", "--json", "--convention", convention)
        assert code == 0
        found = json.loads(out)
        assert found["convention"] == convention
        assert ("have no known side" in err) == (convention != "assumed")
        nets[convention] = found["net_gex"]
    assert nets["blended"] == pytest.approx(nets["assumed"] + nets["flow"], rel=1e-6)


# --- shapes -----------------------------------------------------------------------------------------------


def test_json_has_every_key_of_the_contract_and_null_for_the_unknown(run: Run, plain: str) -> None:
    code, out, _ = run("levels", "--chain", plain, *MOMENT, "--json")
    assert code == 0
    found = json.loads(out)
    assert set(found) >= KEYS
    assert (found["unit"], found["convention"], found["symbol"]) == ("usd_per_1pct", "assumed", "ABC")
    assert found["at"] == "2025-05-12T10:00:00-04:00"
    assert [row["strike"] for row in found["strikes"]] == [95.0, 100.0, 105.0]
    assert set(found["strikes"][0]) == {"strike", "call_gex", "put_gex", "net_gex"}
    assert found["expected_move"] == pytest.approx(4.1)
    code, out, _ = run("levels", "--chain", plain, *MOMENT, "--json", "--spot", "80")
    assert (json.loads(out)["zero_gamma"], json.loads(out)["zero_gamma_reason"] != "") == (None, True)


def test_csv_has_a_line_per_strike_that_adds_up(run: Run, plain: str) -> None:
    _, out, _ = run("levels", "--chain", plain, *MOMENT, "--format", "csv")
    rows = list(csv.DictReader(out.splitlines()))
    assert out.splitlines()[0] == "strike,call_gex,put_gex,net_gex,source"
    assert [row["strike"] for row in rows] == ["95.0", "100.0", "105.0"]
    assert {row["source"] for row in rows} == {plain}
    for row in rows:
        assert float(row["net_gex"]) == pytest.approx(float(row["call_gex"]) + float(row["put_gex"]))


def test_tradingview_is_a_comment_and_a_line_of_labels_and_prices(run: Run, plain: str) -> None:
    _, out, _ = run("levels", "--chain", plain, *MOMENT, "--format", "tradingview")
    comment, line = out.splitlines()
    assert comment.startswith("# ABC  2025-05-12 10:00 ET  spot 100.10")
    cells = line.split(", ")
    pairs = dict(zip(cells[::2], map(float, cells[1::2]), strict=True))
    assert (pairs["Call Wall"], pairs["Put Wall"]) == (105.0, 95.0)
    assert pairs["Expected High"] == pytest.approx(104.2)
    assert 95.0 < pairs["Zero Gamma"] < 105.0


def test_what_is_simulated_says_so_in_every_shape(run: Run) -> None:
    asked = ("levels", "DIA", "--replay", "2025-12-16", "--source", "simulated", "--at", "09:40")
    assert run(*asked)[1].split()[:2] == ["SIMULATED", "DIA"]
    assert run(*asked, "--format", "tradingview")[1].split()[:3] == ["#", "SIMULATED", "DIA"]
    rows = list(csv.DictReader(run(*asked, "--format", "csv")[1].splitlines()))
    assert {list(row.items())[-1] for row in rows} == {("source", "simulated")}
    assert json.loads(run(*asked, "--json")[1])["source"] == "simulated"
    assert run("snapshot", *asked[1:])[1].split()[0] == "SIMULATED"


def test_the_table_says_what_it_is_of_and_marks_the_walls(run: Run, plain: str) -> None:
    code, out, err = run("levels", "--chain", plain, *MOMENT)
    assert (code, err) == (0, "")
    assert out.startswith("ABC  2025-05-12 10:00 ET  spot 100.10  4 contracts of 2025-05-16\n")
    assert "dealers long calls, short puts (assumed), volatilities from the quotes" in out
    assert "call wall       105\n" in out
    assert re.search(
        r"^net delta \S+ \$   vanna \S+ \$ per volatility point   charm \S+ \$ per minute$", out, re.M
    )
    strikes = out.splitlines()[11:]
    assert any(line.split()[0] == "105" and "call wall" in line for line in strikes)
    assert any(line.split()[0] == "95" and "put wall" in line for line in strikes)


def test_several_expirations_have_a_table_of_their_own(run: Run) -> None:
    _, out, _ = run("levels", "--chain", shared(CHAIN), "--spot", "3856.28", "--at", "2022-07-12T11:55")
    assert "expires     root  contracts" in out
    assert "2022-07-15  SPXW" in out
    assert "2022-07-15  SPX " in out


# --- sentences and exit codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("levels", 2, "Name a symbol, or a chain file with --chain"),
        ("levels $$$", 2, "'$$$' cannot be a symbol"),
        ("levels SPXW", 2, "SPXW is an option root of SPX"),
        ("levels AAPL", 4, "There is no tape of AAPL: import a day of it, or give a chain file"),
        ("levels SPY --replay 2025-12-25", 4, "market holiday"),
        ("levels SPY --at 08:00", 2, "--at 08:00 is before the open of 2025-12-16."),
        ("levels SPY --at 17:00", 2, "--at 17:00 is after the close of 2025-12-16."),
        ("levels SPY --at noon", 2, "--at noon is not a moment; write it in exchange time like"),
        ("levels SPY --spot 5", 2, "--spot goes with a chain file"),
        ("levels SPY --iv vendor", 2, "--iv goes with a chain file"),
        ("levels SPY --json --format csv", 2, "choose one"),
        ("levels SPY --format xml", 2, "'xml' is no --format of spymon"),
        ("levels SPY --expiry 0", 2, "--expiry 0 is not all, 0dte, a date (YYYY-MM-DD) or a number"),
        ("levels SPY --at 10:00 --expiry 20260102", 4, "Nothing expires on 2026-01-02; --expiry can"),
        ("levels SPY --at 10:00 --expiry 2026-01-02", 4, "Nothing expires on 2026-01-02; --expiry can"),
        ("levels --chain none.csv", 4, "none.csv does not exist; name a chain file."),
        ("levels --chain abc.csv", 2, "abc.csv does not say the spot; give it with --spot"),
        ("levels --chain abc.csv --spot 100", 2, "abc.csv does not say when it was made; give it with --at"),
        ("levels --chain abc.csv --spot 100 --at 10:00", 2, "--at 10:00 is not a moment"),
        ("levels --chain abc.csv --spot 100 --at 9999-12-31T23:59", 2, "--at 9999-12-31T23:59 is not a mo"),
        ("levels --chain abc.csv --spot nan", 2, "--spot nan is not a price above 0."),
        ("levels --chain abc.csv --spot 100 --at 2025-05-17T10:00", 4, "Every contract had expired by"),
        ("levels --chain abc.csv --spot 90 --at 2025-05-12T10:00 --expiry 0dte", 4, "Nothing expires on"),
        ("levels --chain abc.csv --rate much", 2, "--rate much is not a yearly fraction"),
        ("levels --chain abc.csv --convention flow", 2, "--convention flow needs a tape"),
        ("levels --chain abc.csv --basis flow", 2, "--basis flow needs a tape"),
        ("levels SPY --convention blended --basis volume", 2, "blended does not go with --basis volume"),
        ("levels --chain abc.csv --replay 2025-12-16", 2, "--replay goes with a symbol's tape"),
        ("levels QQQ --chain abc.csv --spot 100", 4, "abc.csv has contracts of ABC, none of QQQ."),
        ("levels --chain empty.csv", 1, "empty.csv is empty; fetch it again."),
        ("levels --chain wrong.csv", 1, "wrong.csv has the columns strike, right, oi; it lacks expiry"),
        ("levels --chain bare.csv --spot 100 --at 2025-05-12T10:00", 4, "No contract of ABC has open"),
        ("snapshot AAPL", 4, "There is no tape of AAPL"),
        ("snapshot --every 0m", 2, "--every 0m is not a span of time; write it like 5m, 30s or 1h."),
        ("snapshot --every 5m --at 10:00", 2, "--at takes one snapshot and --every many; choose one."),
        ("snapshot DIA --every 9h", 4, "The day is shorter than --every 9h."),
        ("snapshot --list --at 10:00", 2, "--at takes snapshots and --list shows them; choose one."),
        ("snapshot --list --replay 2025-12-16", 4, "There are no snapshots of 2025-12-16 in data/intraday"),
        ("snapshot --list --replay soon", 2, "--replay soon is not a date"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_one_sentence_and_the_right_code(
    run: Run, plain: str, tmp_path: Path, line: str, code: int, sentence: str
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "wrong.csv").write_text("strike,right,oi\n1,C,2\n", encoding="utf-8")
    bare = PLAIN.replace(",500,", ",0,").replace(",300,", ",0,").replace(",900,", ",,")
    (tmp_path / "bare.csv").write_text(bare.replace(",1200,", ",nan,"), encoding="utf-8")
    found, out, err = run(*line.split())
    assert (found, out) == (code, "")
    assert sentence in err
    assert err.count("\n") == 1


# --- snapshots --------------------------------------------------------------------------------------------


def test_a_snapshot_is_taken_and_listed(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("snapshot", "dia", "--at", "10:00", "--json")
    assert code == 0
    taken = json.loads(out)
    assert (tmp_path / taken["path"]).name == "DIA_2025-12-16_100000.parquet"
    assert (taken["at"], taken["source"], taken["unit"]) == (
        "2025-12-16T10:00:00-05:00", "simulated", "usd_per_1pct",
    )  # fmt: skip
    assert run("snapshot", "--list", "--replay", "2025-12-16", "--json") == (0, out, "")
    _, levels, _ = run("levels", "DIA", "--at", "10:00", "--json")
    found = json.loads(levels)
    for name in ("spot", "net_gex", "call_wall", "put_wall", "max_gex_strike", "zero_gamma", "convention"):
        assert taken[name] == pytest.approx(found[name]), name


def test_snapshots_are_taken_through_the_day_and_listed_beside_a_damaged_one(
    run: Run, tmp_path: Path
) -> None:
    code, _, err = run("snapshot", "DIA", "--every", "1h")
    assert (code, err) == (0, "")
    files = sorted((tmp_path / "data" / "intraday" / "simulated").iterdir())
    hours = [f"{hour:02d}3000" for hour in range(10, 16)]
    assert [path.stem for path in files] == [f"DIA_2025-12-16_{hour}" for hour in hours]
    files[2].write_bytes(b"PAR1")
    code, out, err = run("snapshot", "--list", "--replay", "2025-12-16")
    assert code == 1
    first, heading, *rows = out.splitlines()
    assert first.split() == ["SIMULATED", "5", "of", "5"]
    assert {row.split()[-1] for row in rows} == {"simulated"}
    assert heading.split()[:3] == ["symbol", "time", "spot"]
    assert [row.split()[1] for row in rows] == ["10:30:00", "11:30:00", "13:30:00", "14:30:00", "15:30:00"]
    assert "123000.parquet is damaged or no snapshot" in err


def test_a_list_is_of_today_unless_a_day_is_named(run: Run) -> None:
    code, _, err = run("snapshot", "--list")
    assert code == 4
    assert f"of {datetime.now(ET).date()} in" in err


def test_a_folded_moment_does_not_depend_on_the_stops_before_it(run: Run, tmp_path: Path) -> None:
    run("snapshot", "DIA", "--every", "30m", "--data-dir", "often")
    run("snapshot", "DIA", "--at", "11:00", "--data-dir", "once")
    name = "intraday/simulated/DIA_2025-12-16_110000.parquet"
    assert (tmp_path / "often" / name).read_bytes() == (tmp_path / "once" / name).read_bytes()


@pytest.fixture
def day_of() -> DayOf:
    """Write the first half hour of a simulated day as an imported one."""

    def write(symbol: str, day: date) -> None:
        tape = SimulatedSource(day).open(symbol)
        with DayStore(Path("data")).writer(day, symbol, tape.contracts) as writer:
            for chunk in range(30):
                writer.append(tape.read(chunk))
            writer.commit(Facts("import", "tape", tape.info.tick, tape.info.underlying, complete=False))

    return write


class TestWhereNobodyChose:
    """Which chain answers for a symbol alone: the newest knowledge there is, and it says which."""

    def test_without_anything_the_simulated_day(self, run: Run) -> None:
        _, out, err = run("levels", "DIA")
        assert out.splitlines()[1] == "of the simulated day 2025-12-16"
        assert "simulated" not in err
        found = json.loads(run("levels", "DIA", "--json")[1])
        assert (found["source"], found["age_s"]) == ("simulated", None)
        assert found["origin"] == "of the simulated day 2025-12-16"
        assert "of the simulated day 2025-12-16; GEX in" in run("levels", "DIA", "--format", "tradingview")[1]
        assert "spymon: DIA of the simulated day 2025-12-16.\n" in run("levels", "DIA", "--format", "csv")[2]

    def test_what_was_chosen_needs_no_word(self, run: Run) -> None:
        asked = ("levels", "DIA", "--replay", "2025-12-16", "--at", "09:40")
        assert json.loads(run(*asked, "--json")[1])["origin"] == ""
        assert run(*asked)[1].splitlines()[1].startswith("GEX in")

    def test_the_newest_day_on_disk_before_the_simulated_one(self, run: Run, day_of: DayOf) -> None:
        for day in (date(2025, 12, 11), date(2025, 12, 12)):
            day_of("DIA", day)
        _, out, _ = run("levels", "DIA")
        assert re.fullmatch(r"of the newest day on disk, 2025-12-12, \d+ days old", out.splitlines()[1])
        found = json.loads(run("levels", "DIA", "--json")[1])
        assert (found["at"][:10], found["source"]) == ("2025-12-12", "import")
        assert found["age_s"] > 24 * 3600
        assert run("snapshot", "DIA")[1].startswith("DIA of the newest day on disk, 2025-12-12, ")
        assert run("levels", "IWM", "--at", "09:40")[1].splitlines()[1] == "of the simulated day 2025-12-16"
        assert json.loads(run("levels", "DIA", "--source", "simulated", "--json")[1])["source"] == "simulated"

    def test_a_recorder_before_the_newest_day(self, run: Run, day_of: DayOf) -> None:
        day_of("DIA", date(2025, 12, 12))
        day = date(2025, 12, 11)
        tape = SimulatedSource(day).open("DIA")
        journal = Journal(Path("data"), Recording(day, tape.info.underlying, "tape", tape.info.tick))
        journal.add_contracts(tape.contracts)
        for chunk in range(30):
            journal.append(tape.read(chunk), 0, "tape")
        try:
            _, out, _ = run("levels", "DIA")
        finally:
            journal.close()
        assert out.startswith("DIA  2025-12-11 ")
        assert re.match(r"as the recorder of data has it, \d+ days old", out.splitlines()[1])
        assert run("levels", "DIA")[1].startswith("DIA  2025-12-12 "), "it records no more"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not there")
class TestSharedCases:
    """Small chains that were measured wrongly once, with values from independent code."""

    MOMENT = ("--spot", "685", "--at", "2025-12-16T10:42")

    def test_a_stub_pair_has_no_say_and_is_counted(self, run: Run) -> None:
        clean, stub = (
            run(
                "levels",
                "--json",
                "--chain",
                str(SHARED / "cases" / f"forward_stub_{name}.csv"),
                *self.MOMENT,
            )
            for name in ("clean", "pair")
        )
        for code, out, _ in (clean, stub):
            found = json.loads(out)
            assert code == 0
            assert found["net_gex"] == pytest.approx(92_163_972, rel=1e-6)
            assert found["forward"] == pytest.approx(685.2501, abs=1e-3)
            assert found["expected_move"] == pytest.approx(6.35)
        assert json.loads(clean[1])["notes"] == []
        assert "1 pair of quotes is far wider than the others" in stub[2]

    def test_a_spot_that_cannot_belong_to_the_strikes_is_refused(self, run: Run) -> None:
        chain = str(SHARED / "cases" / "forward_stub_clean.csv")
        code, out, err = run(
            "levels", "--json", "--chain", chain, "--spot", "6850", "--at", "2025-12-16T10:42"
        )
        assert (code, out) == (2, "")
        assert "don't belong together" in err

    def test_the_flip_does_not_follow_spot_and_net_does(self, run: Run) -> None:
        chain = str(SHARED / "cases" / "two_moments.csv")
        nets, flips = [], []
        for spot in ("100", "100.1", "100.2", "100.26", "100.35"):
            moment = ("--at", "2025-12-16T09:30", "--rate", "0", "--spot", spot)
            found = json.loads(run("levels", "--json", "--chain", chain, *moment)[1])
            nets.append(found["net_gex"])
            flips.append(found["zero_gamma"])
        assert flips == pytest.approx([100.2457] * 5, abs=0.002)
        # Wings quoted at a hundredth of a cent leave this much open.
        assert nets == pytest.approx([-7_123_364, -4_329_727, -1_375_964, 430_839, 3_128_570], abs=70_000)


def chain_of_spy() -> list[dict[str, Any]]:
    """Write a chain around 650 with prices that have a volatility."""
    rows = []
    for strike in range(600, 705, 5):
        for right, inside in (("C", 650 - strike), ("P", strike - 650)):
            price = max(inside, 0) + 20 * math.exp(-abs(inside) / 40)
            quote = {"bid": price - 0.1, "ask": price + 0.1, "last_updated": MADE_NS}
            under = {"ticker": "SPY", "price": 650.0, "last_updated": MADE_NS}
            name = f"O:SPY301220{right}{strike:05d}000"
            interest = 900 if right == "C" else 400
            rows.append(chain_row(name, last_quote=quote, underlying_asset=under, open_interest=interest))
    return rows


async def test_with_a_key_the_providers_chain_now(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, day_of: DayOf
) -> None:
    day_of("SPY", date(2025, 12, 12))
    monkeypatch.setenv("MASSIVE_API_KEY", KEY)

    async def said(fake: Massive, line: str) -> str:
        monkeypatch.setenv("SPYMON_MASSIVE_REST_URL", fake.rest_url)
        assert await asyncio.to_thread(main, line.split()) == 0
        return capsys.readouterr().out

    async with Massive() as fake:
        fake.shelf.chains["SPY"] = chain_of_spy()
        out = await said(fake, "levels SPY")
        assert re.match(r"as Massive has it now, \d+ days old", out.splitlines()[1])
        found = json.loads(await said(fake, "levels SPY --json"))
        assert (found["source"], found["spot"], found["contracts"]) == ("massive", 650.0, 42)
        assert found["age_s"] == pytest.approx(time.time() - MADE_NS / 1e9, abs=600)
        chosen = json.loads(await said(fake, "levels SPY --json --source massive-rest"))
        assert (chosen["source"], chosen["origin"]) == ("massive-rest", "")
        assert chosen["net_gex"] == found["net_gex"]
        taken = json.loads(await said(fake, "snapshot SPY --json"))
        assert (taken["source"], taken["net_gex"]) == ("massive", pytest.approx(found["net_gex"]))
        of_a_day = json.loads(await said(fake, "levels SPY --json --replay 2025-12-12"))
        assert of_a_day["source"] == "import"


async def test_a_symbol_that_the_provider_does_not_have_is_no_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MASSIVE_API_KEY", KEY)
    async with Massive() as fake:
        monkeypatch.setenv("SPYMON_MASSIVE_REST_URL", fake.rest_url)
        fake.shelf.chains["DIA"] = []
        assert await asyncio.to_thread(main, ["levels", "DIA"]) == 4
    assert capsys.readouterr().err == "spymon: Massive has no options of DIA.\n"
