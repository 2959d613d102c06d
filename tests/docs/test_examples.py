"""Every block of code on the pages does what it is there for.

Shell blocks are run line by line, in a folder of their own that holds the files they name; those marked
`run: live` against a provider whose market is open, `run: past` against one with past days, `run: s3` against
an object store. The Python blocks of a page are run in one namespace; settings are read as spymon reads them.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import signal
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pyarrow import fs

from tests.docs.pages import Block, blocks, pages
from tests.docs.shell import Command, commands, elsewhere, run
from tests.docs.supplies import past_days, supply
from tests.engine.feeds.massive.staging import FIRST_HOUR_NS, full_chain
from tests.fakes.massive import KEY, Massive, Plan
from tests.fakes.process import environ, spymon
from tests.fakes.s3 import s3_server
from tests.paths import ROOT
from tui.run.user_rules import GROUP
from tui.settings.config import check_settings_file

PATIENCE_S = 120
ALL = [block for page in pages() for block in blocks(page)]
SHELL = list({block.code: block for block in ALL if block.language == "sh"}.values())
"""A block that stands on several pages is run once."""


def of(*mark: str) -> list[Block]:
    return [block for block in SHELL if block.mark == mark]


def named(block: Block) -> str:
    return block.name


def test_every_block_is_of_a_known_language_and_mark() -> None:
    assert {block.language for block in ALL} <= {"sh", "python", "toml", "text"}
    marks = {block.mark for block in SHELL if block.mark[0] != "not run"}
    assert marks <= {("", ""), ("run", "live"), ("run", "past"), ("run", "s3")}


# --- commands ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", of("", ""), ids=named)
def test_commands_that_need_no_key(block: Block, tmp_path: Path) -> None:
    supply(tmp_path)
    with elsewhere(tmp_path):
        run_all(block)


@pytest.mark.parametrize("block", of("run", "past"), ids=named)
def test_commands_that_fetch_past_days(block: Block, tmp_path: Path) -> None:
    keys = {"MASSIVE_API_KEY": KEY}
    with past_days() as fake, elsewhere(tmp_path, SPYMON_MASSIVE_REST_URL=fake.rest_url, **keys):
        run_all(block)


@pytest.mark.parametrize("block", of("run", "s3"), ids=named)
def test_commands_of_the_object_store(block: Block, tmp_path: Path) -> None:
    supply(tmp_path)
    keys = {"access_key": "a", "secret_key": "s"}
    with s3_server() as endpoint:
        store = fs.S3FileSystem(**keys, endpoint_override=endpoint, allow_bucket_creation=True)
        store.create_dir("days")
        with elsewhere(
            tmp_path, S3_BUCKET="days", S3_ENDPOINT=endpoint, S3_ACCESS_KEY="a", S3_SECRET_KEY="s"
        ):
            assert run(next(commands("spymon import trades.csv.gz quotes.csv.gz"))).code == 0
            run_all(block)


def run_all(block: Block) -> None:
    for command in commands(block.code):
        done = run(command)
        assert done.code == 0, f"{block.name} {command}: {done}"


def test_an_answer_that_is_shown_has_the_shape_of_the_command_s(tmp_path: Path) -> None:
    [(block, shown)] = [
        (asked, answer) for asked, answer in pairwise(ALL)
        if asked.page == ROOT / "docs/levels.md" and (asked.language, answer.language) == ("sh", "text")
    ]  # fmt: skip
    with elsewhere(tmp_path):
        said = run(next(commands(block.code))).out
    lines = [shape(line) for line in shown.code.splitlines()]
    assert [shape(line) for line in said.splitlines()[: len(lines)]] == lines


def shape(line: str) -> str:
    """Return a line without what its numbers are and how wide it is."""
    return re.sub(r"\s+", " ", re.sub(r"[+-]?\d[\d,.]*[kMB]?", "0", line)).strip()


# --- a live day -------------------------------------------------------------------------------------------


async def test_live_commands_say_how_the_feed_stands_and_end_with_ctrl_c(tmp_path: Path) -> None:
    """All of them at once, each on a data folder of its own, in the first hour of a session."""
    asked = {line: command for block in of("run", "live") for line, command in live(block)}
    assert len(asked) >= 3
    folders = [tmp_path / str(n) for n in range(len(asked))]
    for folder in folders:
        folder.mkdir()
        (folder / ".env").write_text("MASSIVE_API_KEY=your-key\n", encoding="utf-8")
    async with Massive(Plan(key="your-key", connections=len(asked))) as fake:
        fake.shelf.chains["SPY"] = full_chain()
        told = await asyncio.gather(
            *(watched(fake, *each) for each in zip(asked.values(), folders, strict=True))
        )
    for line, (code, text) in zip(asked, told, strict=True):
        assert code == 130, f"{line}: {text}"
        assert re.search(r"\b(LIVE|POLL|GAP|STALE|CLOSED)\b", text), f"{line}: {text}"


def live(block: Block) -> Iterator[tuple[str, Command]]:
    """Yield the block's runs of spymon by their words; all else on it is where the key goes."""
    for command in commands(block.code):
        if command.words is None:
            assert command.rest == "echo MASSIVE_API_KEY=your-key >> .env"
        else:
            yield " ".join((*map("=".join, command.environ.items()), *command.words)), command


async def watched(fake: Massive, command: Command, folder: Path) -> tuple[int | None, str]:
    """Run spymon until its first line, interrupt it, and return its exit code and all that it said."""
    hosts = {"SPYMON_MASSIVE_WS_URL": fake.ws_url, "SPYMON_MASSIVE_REST_URL": fake.rest_url}
    around = environ(folder, **hosts, **command.environ)
    process = await spymon(" ".join(command.words or ()), folder, around, FIRST_HOUR_NS)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        first = await process.stdout.readline()
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        rest, said = await process.communicate()
    return process.returncode, (first + rest + said).decode()


# --- programs and settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page", sorted({b.page for b in ALL if b.language == "python"}), ids=lambda p: p.name
)
def test_programs_run(page: Path, tmp_path: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    with elsewhere(tmp_path), contextlib.redirect_stdout(io.StringIO()) as out:
        for block in blocks(page):
            if block.language == "python":
                exec(compile(block.code, block.name, "exec"), namespace)
    assert ("print(" in page.read_text("utf-8")) == bool(out.getvalue())


@pytest.mark.parametrize("block", [b for b in ALL if b.language == "toml"], ids=named)
def test_settings_are_understood(block: Block, tmp_path: Path) -> None:
    read = tomllib.loads(block.code)
    if "project" in read:
        assert GROUP in read["project"]["entry-points"]
        return
    file = tmp_path / "spymon.toml"
    file.write_text(block.code, encoding="utf-8")
    check_settings_file(file)


def test_the_example_of_the_environment_names_what_is_read(tmp_path: Path) -> None:
    """Every line of `.env.example`, taken out of its comment, is a setting that can be read."""
    example = (ROOT / ".env.example").read_text("utf-8")
    lines = [line[2:] for line in example.splitlines() if re.match(r"# [A-Z0-9_]+=", line)]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    with elsewhere(tmp_path):
        done = run(next(commands("spymon config show")))
    assert (done.code, done.err) == (0, "")
    assert len(lines) > 10
    assert os.sep not in done.err
