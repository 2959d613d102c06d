from __future__ import annotations

from engine.views.view import SignalHistory
from tui.screen.log.log_model import LogModel
from tui.settings.prefs import Prefs


def counts(model: LogModel) -> list[int]:
    return [len(entry.indices) for entry in model.entries]


def showing(make_view, rows, n: int | None = None, **changes):
    return make_view(signals=SignalHistory(rows, len(rows) if n is None else n), **changes)


def test_a_repeat_within_a_minute_joins_its_line_and_keeps_first_and_last(make_view, make_signal) -> None:
    rows = [make_signal(1, before=100), make_signal(1.9, after=300), make_signal(2.8)]
    model = LogModel()
    model.update(showing(make_view, rows), Prefs())
    assert counts(model) == [3]
    assert model.entries[0].first is rows[0]
    assert model.entries[0].last is rows[2]


def test_a_repeat_after_a_minute_or_of_another_kind_has_its_own_line(make_view, make_signal) -> None:
    rows = [
        make_signal(1),
        make_signal(1.5, direction="sell"),
        make_signal(1.6, rule="price_move"),
        make_signal(1.7, cid=7),
        make_signal(2.1),
    ]
    model = LogModel()
    model.update(showing(make_view, rows), Prefs())
    assert counts(model) == [1, 1, 1, 1, 1]


def test_taking_in_piece_by_piece_gives_what_taking_in_at_once_gives(make_view, make_signal) -> None:
    rows = [make_signal(minute * 0.7, cid=minute % 3) for minute in range(40)]
    piecewise, whole = LogModel(), LogModel()
    for n in range(len(rows) + 1):
        piecewise.update(showing(make_view, rows, n), Prefs())
    whole.update(showing(make_view, rows), Prefs())
    assert [(e.first, e.last, e.indices) for e in piecewise.entries] == [
        (e.first, e.last, e.indices) for e in whole.entries
    ]


def test_seeking_back_undoes_what_came_after(make_view, make_signal) -> None:
    rows = [make_signal(1), make_signal(1.5), make_signal(9)]
    model = LogModel()
    model.update(showing(make_view, rows), Prefs())
    model.update(showing(make_view, rows, 1), Prefs())
    assert counts(model) == [1]


def test_other_signals_of_the_same_number_start_over(make_view, make_signal) -> None:
    model = LogModel()
    model.update(showing(make_view, [make_signal(1)]), Prefs())
    model.update(showing(make_view, [make_signal(2), make_signal(5)]), Prefs())
    assert [entry.first.ts_ns for entry in model.entries] == [make_signal(2).ts_ns, make_signal(5).ts_ns]


def test_another_symbol_starts_over(make_view, make_signal) -> None:
    model = LogModel()
    model.update(showing(make_view, [make_signal(1)]), Prefs())
    model.update(showing(make_view, [], symbol="QQQ"), Prefs())
    assert model.entries == []


def test_filter_and_rule_narrow_together(make_view) -> None:
    model = LogModel()
    model.update(make_view(), Prefs(log_rule="volume_spike"))
    assert {entry.last.rule for entry in model.entries} == {"volume_spike"}
    model.update(make_view(), Prefs(log_rule="volume_spike", log_filter="685c"))
    assert [entry.last.contract.short for entry in model.entries] == ["685C"]
    model.update(make_view(), Prefs())
    assert len(model.entries) == 7


def test_nothing_new_is_no_new_revision(make_view) -> None:
    model = LogModel()
    model.update(make_view(), Prefs())
    before = model.revision
    model.update(make_view(version=2), Prefs())
    assert model.revision == before
