"""The benchmarks still run: their table, their exit code, and the checks that hold at any size."""

from __future__ import annotations

import subprocess
import sys

from tests.paths import ROOT


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmarks from the repository's root."""
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


def test_a_section_prints_its_rows_under_one_heading() -> None:
    done = bench("--quick", "frames")
    assert done.returncode == 0, done.stderr
    head, title, *rows, end = done.stdout.splitlines()
    assert head.split() == ["what", "figure", "target", "met?"]
    assert title.startswith("── frames: ")
    assert end.startswith("── none missed ")
    [judged] = [row for row in rows if "tick and view" in row]
    assert "<= 1.2 times" in judged


def test_figures_of_tiny_sizes_are_not_judged() -> None:
    rows = bench("--quick", "frames").stdout.splitlines()[2:-1]
    assert rows
    assert not any(row.endswith((" yes", " NO")) for row in rows)


def test_plain_python_folds_to_the_state_of_the_compiled_code() -> None:
    done = bench("--quick", "fold")
    assert done.returncode == 0, done.stderr
    [row] = [row for row in done.stdout.splitlines() if "same state hash" in row]
    assert row.split()[-3:] == ["yes", "yes", "yes"]


def test_a_section_nobody_wrote_is_refused_by_name() -> None:
    done = bench("tuesday")
    assert done.returncode == 2
    assert "there is no section tuesday" in done.stderr


def test_a_recorder_killed_at_random_moments_has_lost_nothing_it_acknowledged() -> None:
    done = bench("--quick", "kills")
    assert done.returncode == 0, done.stderr
    judged = [row.strip() for row in done.stdout.splitlines() if row.endswith(" yes")]
    assert [row.split("  ")[0] for row in judged] == 2 * [
        "every acknowledged row is recovered",
        "the recovered rows are the first of the tape",
        "they fold to the hash that the first of the tape had",
    ]
