"""The command as a whole: exit codes, sentences on stderr, lines on stdout, pipes and interruptions."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.massive import Massive
from tests.paths import ROOT
from tui.cli.main import main

RUN = [sys.executable, "-m", "tui"]
WINDOW = ("--symbol", "DIA", "--from", "10:00", "--to", "10:01")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no setting and no key but a test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    for name in list(os.environ):
        if name.startswith(("SPYMON_", "SSH_", "MASSIVE_", "POLYGON_")):
            monkeypatch.delenv(name)


def spymon(*argv: str) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [*RUN, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    )


def flat_files(folder: Path) -> list[str]:
    """Write a small day of option trades, quotes and open interest as flat files."""
    ns = 1_718_373_600_000_000_000  # 2024-06-14 10:00 exchange time
    ticker = "O:SPY240614C00540000"
    trades = [f"{ticker},209,0,312,1.25,{ns + 10**9 * i},{i + 1}" for i in range(1, 6)]
    quotes = [f"{ticker},312,1.{30 + i},10,312,1.{20 + i},12,{i},{ns + 10**9 * i - 1000}" for i in range(9)]
    files = {
        "trades.csv.gz": [
            "ticker,conditions,correction,exchange,price,sip_timestamp,size",
            *trades,
            "broken",
        ],
        "quotes.csv.gz": [
            "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,sequence_number,sip_timestamp",
            *quotes,
        ],
    }
    folder.mkdir()
    for name, lines in files.items():
        (folder / name).write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    return [str(folder / name) for name in files]


# --- sentences and exit codes -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("--sped 4", 2, "--sped is not a flag of spymon; did you mean --speed?"),
        ("--speed -1", 2, "--speed -1 is not max or a number"),
        ("--strikes many", 2, "--strikes many is not a whole number from 1 to 200."),
        ("--fps 21", 2, "--fps 21 is not a whole number from 1 to 20."),
        ("--replay 2025-13-45", 2, "--replay 2025-13-45 is not a date"),
        ("--from 12:00 --to 10:00", 2, "--from 12:00 is not before --to 10:00."),
        ("--symbol $$$", 2, "--symbol $$$ is not a list of symbols"),
        ("--symbol AAPL", 2, "AAPL has no preset"),
        ("--custom AAPL", 2, "--custom AAPL is not ROOT:INCREMENT[:PREFIX]"),
        ("--preset wild", 2, "--preset wild is not default or seed."),
        ("--source foo", 2, "--source foo is not one of massive, massive-rest, "),
        (
            "--source simulate",
            2,
            "simulated, auto; did you mean simulated?",
        ),
        ("--config nowhere.toml", 2, "The settings file nowhere.toml does not exist."),
        ("level SPY", 2, "'level' is no command of spymon; did you mean levels?"),
        ("import", 2, "Wrong usage: the following arguments are required: PATH"),
        ("import x --date 2024-02-30", 2, "--date 2024-02-30 is not a date"),
        ("import x --symbol $$$", 2, "cannot be a symbol"),
        ("verify 2024-14-06", 2, "The day 2024-14-06 is not a date"),
        ("--source massive", 3, "needs a key; put MASSIVE_API_KEY in .env"),
        ("--replay 2025-12-25", 4, "2025-12-25 is a market holiday (Christmas Day)"),
        ("--replay 2025-12-20", 4, "2025-12-20 is a Saturday"),
        ("--replay 2027-12-30", 4, "2027-12-30 has not happened yet"),
        ("--symbol AAPL --custom AAPL:2.5", 4, "AAPL is not simulated"),
        ("--expiry 2025-12-24 --json", 4, "lists no expiration"),
        ("verify 2024-06-14", 4, "There is no recorded or imported day 2024-06-14"),
        ("verify 2024-06-15", 4, "2024-06-15 is a Saturday"),
        ("import nowhere.csv", 4, "nowhere.csv"),
    ],
)
def test_what_cannot_be_is_one_sentence_on_stderr_and_the_right_code(
    line: str, code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.split()) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_verbose_shows_where_it_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--replay", "2025-12-25", "-v"]) == 4
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "2025-12-25 is a market holiday" in err.splitlines()[-1]


def test_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("spymon ")


def test_help_explains_the_lines_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "a view of every symbol is printed at each 5 minutes of tape" in out
    assert "130 interrupted" in out


def test_a_damaged_settings_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "spymon.toml").write_text("fps = [", encoding="utf-8")
    assert main([]) == 2
    assert "spymon.toml cannot be read" in capsys.readouterr().err


def test_a_key_is_not_printed_when_it_is_not_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POLYGON_API_KEY=k-1234567890\n", encoding="utf-8")
    assert main([*WINDOW, "--json", "--source", "simulated"]) == 0
    out, err = capsys.readouterr()
    assert "k-1234567890" not in out + err


@pytest.mark.asyncio
async def test_a_key_that_the_provider_refuses_ends_a_live_run_with_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Massive() as fake:
        monkeypatch.setenv("SPYMON_POLYGON_WS_URL", fake.ws_url)
        monkeypatch.setenv("SPYMON_POLYGON_REST_URL", fake.rest_url)
        monkeypatch.setenv("MASSIVE_API_KEY", "canary-1234567890")
        assert await asyncio.to_thread(main, ["--json", "--symbol", "SPY"]) == 3
    out, err = capsys.readouterr()
    assert "Massive does not know this key" in err
    assert "canary" not in out + err


# --- config -----------------------------------------------------------------------------------------------


def test_config_shows_values_and_origins_and_no_secret(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MASSIVE_API_KEY=k-1234567890\nSPYMON_STRIKES=30\n", encoding="utf-8")
    monkeypatch.setenv("SPYMON_FPS", "5")
    assert main(["config", "show", "--data-dir", "d"]) == 0
    table = {line.split()[0]: line.split(maxsplit=2)[1:] for line in capsys.readouterr().out.splitlines()}
    assert table["strikes"] == ["30", ".env"]
    assert table["fps"] == ["5", "environment SPYMON_FPS"]
    assert table["data_dir"] == ["d", "flag --data-dir"]
    assert table["massive_api_key"] == ["********", ".env"]
    assert main(["config", "show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["strikes"] == {"value": "30", "origin": ".env"}


def test_config_path_is_one_line_even_when_the_file_is_broken(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "spymon.toml").write_text("fps = [", encoding="utf-8")
    assert main(["config", "path"]) == 0
    assert capsys.readouterr().out == "spymon.toml\n"


def test_config_edit_makes_a_template_and_opens_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(
        "VISUAL", f'{sys.executable} -c \'import sys; open(sys.argv[1], "a").write("fps = 3")\''
    )
    file = tmp_path / "mine" / "spymon.toml"
    assert main(["config", "edit", "--config", str(file)]) == 0
    assert main(["config", "show", "--config", str(file)]) == 0
    assert ["fps", "3", str(file)] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_config_edit_names_what_is_wrong_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "spymon.toml").write_text("strike = 4\n", encoding="utf-8")
    monkeypatch.setenv("VISUAL", "true")
    assert main(["config", "edit"]) == 2
    assert "unknown key strike; did you mean strikes?" in capsys.readouterr().err


def test_config_edit_without_a_working_editor_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("VISUAL", str(tmp_path / "no-editor"))
    assert main(["config", "edit", "--config", "new.toml"]) == 2
    assert "cannot be edited with" in capsys.readouterr().err


# --- days, import, verify ---------------------------------------------------------------------------------


def test_an_empty_disk_is_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["days"]) == 0
    out, err = capsys.readouterr()
    assert (out, "There are no days in data yet" in err) == ("", True)


def test_a_file_is_no_data_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").touch()
    assert main(["days"]) == 1
    assert capsys.readouterr().err == "spymon: data is not a folder; choose another one with --data-dir.\n"


def test_a_day_is_imported_listed_verified_and_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = flat_files(tmp_path / "in")
    assert main(["import", *files]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("2024-06-14 SPY new: ")
    assert "(5 trades, 9 quotes)" in out
    assert "trades.csv.gz line 7: " in err
    assert "1 bad row was left out; 16 rows were taken." in err
    state_hash = out.split("state ")[1].strip()

    assert main(["days"]) == 0
    heading, row = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["date", "symbol", "from", "to"]
    assert row.startswith("2024-06-14  SPY")
    assert main(["days", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state_hash"] == state_hash

    assert main(["verify", "2024-06-14"]) == 0
    assert f"2024-06-14 SPY folds to the recorded hash {state_hash}" in capsys.readouterr().out

    assert main(["--replay", "2024-06-14", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (summary["type"], summary["symbol"], summary["source"]) == ("summary", "SPY", "import")
    assert (summary["trades"], summary["quotes"], summary["state_hash"]) == (5, 9, state_hash)


def test_a_file_that_breaks_off_gives_what_it_has_and_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trades, quotes = (Path(name) for name in flat_files(tmp_path / "in"))
    quotes.write_bytes(quotes.read_bytes()[:-30])
    (tmp_path / "in" / "notes.txt").write_text("what I did\n", encoding="utf-8")
    assert main(["import", str(trades.parent)]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("2024-06-14 SPY new: ")
    assert "quotes.csv.gz breaks off in the middle" in err
    assert main(["import", str(trades), str(tmp_path / "in" / "notes.txt")]) == 1
    quotes.unlink()
    assert main(["import", str(trades.parent)]) == 0
    assert "notes.txt" in capsys.readouterr().err
    assert main(["days"]) == 0
    assert "import of 1 file " in capsys.readouterr().out


def test_a_damaged_symbol_of_a_day_is_named_and_the_others_are_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", *flat_files(tmp_path / "in")]) == 0
    (tmp_path / "data/days/2024-06-14/AAA").mkdir()
    capsys.readouterr()
    assert main(["--replay", "2024-06-14", "--json"]) == 1
    out, err = capsys.readouterr()
    assert {json.loads(line)["symbol"] for line in out.splitlines()} == {"SPY"}
    assert "AAA is not a whole day" in err
    assert err.count("\n") == 1
    assert main(["--replay", "2024-06-14", "--json", "--symbol", "AAA"]) == 1
    assert capsys.readouterr().out == ""


def test_verify_fails_when_the_recorded_hash_is_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", *flat_files(tmp_path / "in")]) == 0
    meta = tmp_path / "data/days/2024-06-14/SPY/meta.json"
    fields = json.loads(meta.read_text(encoding="utf-8"))
    meta.write_text(json.dumps(fields | {"state_hash": "0" * 32}), encoding="utf-8")
    assert main(["verify", "2024-06-14", "--symbol", "spy"]) == 1
    assert "2024-06-14 SPY DIFFERS: recorded 000000" in capsys.readouterr().out


def test_verify_names_what_is_damaged_and_checks_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", *flat_files(tmp_path / "in")]) == 0
    (tmp_path / "data/days/2024-06-14/QQQ").mkdir()
    capsys.readouterr()
    assert main(["verify", "2024-06-14"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("2024-06-14 SPY folds to the recorded hash ")
    assert "QQQ is not a whole day" in err
    assert err.count("\n") == 1


def test_importing_again_records_what_it_folds_to_now_and_says_that_it_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = flat_files(tmp_path / "in")
    assert main(["import", *files]) == 0
    meta = tmp_path / "data/days/2024-06-14/SPY/meta.json"
    fields = json.loads(meta.read_text(encoding="utf-8"))
    meta.write_text(json.dumps(fields | {"state_hash": "0" * 32}), encoding="utf-8")
    assert main(["import", *files]) == 0
    out, err = capsys.readouterr()
    assert "2024-06-14 SPY unchanged: " in out
    assert "SPY on 2024-06-14 folded to 000000" in err
    assert json.loads(meta.read_text(encoding="utf-8"))["state_hash"] == fields["state_hash"]


def test_verify_records_a_hash_where_there_is_none_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", *flat_files(tmp_path / "in")]) == 0
    meta = tmp_path / "data/days/2024-06-14/SPY/meta.json"
    fields = json.loads(meta.read_text(encoding="utf-8"))
    meta.write_text(json.dumps(fields | {"state_hash": None}), encoding="utf-8")
    assert main(["verify", "2024-06-14"]) == 0
    assert "had no recorded hash; recorded" in capsys.readouterr().out
    assert json.loads(meta.read_text(encoding="utf-8"))["state_hash"] == fields["state_hash"]


def test_a_hash_does_not_depend_on_somebodys_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["import", *flat_files(tmp_path / "in")]) == 0
    monkeypatch.setenv("SPYMON_PRESET", "seed")
    monkeypatch.setenv("SPYMON_RATE", "0.2")
    assert main(["verify", "2024-06-14"]) == 0
    assert "folds to the recorded hash" in capsys.readouterr().out


def test_a_damaged_day_is_named_and_the_others_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", *flat_files(tmp_path / "in")]) == 0
    (tmp_path / "data/days/2024-06-13/QQQ").mkdir(parents=True)
    capsys.readouterr()
    assert main(["days"]) == 0
    out, err = capsys.readouterr()
    assert "2024-06-14  SPY" in out
    assert "2024-06-13/QQQ is not a whole day" in err


def test_replaying_a_damaged_day_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data/days/2024-06-13/QQQ").mkdir(parents=True)
    assert main(["--replay", "2024-06-13", "--json"]) == 1
    assert "2024-06-13/QQQ is not a whole day" in capsys.readouterr().err


def test_a_data_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["import", *flat_files(tmp_path / "in"), "--data-dir", "file/below"]) == 1
    assert "cannot be written" in capsys.readouterr().err


# --- processes --------------------------------------------------------------------------------------------


def test_nothing_but_lines_goes_to_a_pipe() -> None:
    with spymon(*WINDOW, "--json") as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    kinds = [json.loads(line)["type"] for line in out.splitlines()]
    assert kinds.count("status") == 12
    assert kinds[-2:] == ["view", "summary"]


def test_a_reader_who_leaves_early_is_no_failure() -> None:
    with spymon("--symbol", "DIA,NDX", "--speed", "60") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=120) == 0
        assert process.stderr.read() == ""
    assert "SIMULATED" in first


def interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C, and return what came out on both sides."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=120)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX delivers SIGINT to one process")
def test_ctrl_c_ends_with_130_whole_lines_and_no_traceback() -> None:
    with spymon("--symbol", "DIA", "--speed", "25", "--json") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        out, err = interrupt(process)
    assert (process.returncode, err) == (130, "")
    assert (first + out).endswith("}\n")
    for line in (first + out).splitlines():
        json.loads(line)


@pytest.mark.skipif(os.name != "posix", reason="only POSIX delivers SIGINT to one process")
def test_ctrl_c_while_a_file_is_imported_leaves_no_day(tmp_path: Path) -> None:
    ns = 1_718_373_600_000_000_000  # 2024-06-14 10:00 exchange time
    rows = (f"O:SPY240614C00540000,209,0,312,1.25,{ns + i * 10_000},1\n" for i in range(1_000_000))
    header = "ticker,conditions,correction,exchange,price,sip_timestamp,size\n"
    (tmp_path / "trades.csv").write_text(header + "".join(rows))
    with spymon("import", "trades.csv") as process:
        while not list(tmp_path.glob("data/.scratch-*")):
            assert process.poll() is None
        _, err = interrupt(process)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert not list(tmp_path.glob("data/days/*/*"))


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys; from tui.cli.main import main; main(['--version'])\n"
        "heavy = {'numpy', 'numba', 'pyarrow', 'textual', 'rich', 'pandas', 'dotenv'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environ, stdout=subprocess.DEVNULL)


def test_the_screen_is_imported_without_the_compiler_and_the_store() -> None:
    code = (
        "import sys, tui.run.open_screen\n"
        "heavy = {'numba', 'pyarrow', 'engine.fold.step', 'engine.store.days.store'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environ)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("argv", [("config", "show"), (*WINDOW, "--json")])
def test_a_full_disk_behind_the_pipe_is_one_sentence(argv: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*RUN, *argv],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 1
    assert done.stderr == "spymon: The output cannot be used (No space left on device).\n"
