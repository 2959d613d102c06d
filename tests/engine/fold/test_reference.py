"""The reference of rules: everything the catalogue says is in it, and its tables hold together."""

from __future__ import annotations

from engine.fold.params import THRESHOLDS
from engine.fold.reference import EVIDENCE_HEAD, THRESHOLD_HEAD, evidence_rows, threshold_rows
from engine.fold.rules.catalogue import rule_named


def test_every_threshold_has_a_row_with_both_presets() -> None:
    rows = {row[0]: row for row in threshold_rows()}
    assert list(rows) == [f"`{name}`" for name in THRESHOLDS]
    assert rows["`volume_spike.half`"][1:4] == ("4", "0.75", "σ")
    assert {len(row) for row in rows.values()} == {len(THRESHOLD_HEAD)}


def test_a_rules_rows_are_its_own_and_shared_ones_are_nobodys() -> None:
    assert [row[0] for row in threshold_rows("wall_break")] == [
        "`wall_break.stood_s`", "`wall_break.margin`", "`wall_break.half`",
    ]  # fmt: skip
    assert all("." not in row[0] for row in threshold_rows(""))


def test_each_number_of_evidence_has_a_row() -> None:
    sweep = rule_named("sweep")
    rows = list(evidence_rows(sweep))
    assert [row[0] for row in rows] == [f"`{column.name}`" for column in sweep.evidence]
    assert {len(row) for row in rows} == {len(EVIDENCE_HEAD)}
