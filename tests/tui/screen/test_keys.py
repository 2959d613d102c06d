"""The table of keys is complete, free of clashes, and says the same everywhere."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.model.errors import ConfigError
from tui.screen.key import spelled
from tui.screen.keys import (
    GROUPS,
    TABLE,
    bindings,
    by_id,
    grouped,
    hints,
    reference,
    with_keymap,
)
from tui.screen.stages.table import STAGES
from tui.screen.time_position import ANYWHERE, BEHIND, FRONT, NOWHERE, PAST


def test_no_two_rows_share_a_key() -> None:
    counts = Counter(name for key in TABLE for name in key.names)
    assert [name for name, n in counts.items() if n > 1] == []


def test_no_two_bindings_share_an_id_unless_they_are_one_row() -> None:
    by_id = Counter(binding.id for binding in bindings())
    assert [name for name, n in by_id.items() if n > 1] == []


def test_every_row_has_a_group_a_help_line_and_known_positions_in_time() -> None:
    for key in TABLE:
        assert key.group in GROUPS
        assert key.help
        assert set(key.hinted) <= set(ANYWHERE)
    assert sum(len(rows) for _, rows in grouped()) == len(TABLE)


def test_digits_are_nine_bindings_with_their_own_ids_and_arguments() -> None:
    digits = [(b.id, b.key, b.action) for b in bindings() if b.key.isdigit()]
    assert digits == [(f"symbol.{n}", f"{n}", f"app.act('symbol.{n}')") for n in range(1, 10)]
    assert [by_id()[f"symbol.{n}"].action for n in (1, 9)] == ["symbol.number(1)", "symbol.number(9)"]


def test_a_view_has_a_row_a_hint_and_its_own_keys_by_its_line_in_the_table_of_stages() -> None:
    words = dict(hints(PAST))
    for stage in STAGES[1:]:
        row = by_id()[stage.id]
        assert (row.keys, row.help, words[row.label]) == (stage.key, stage.help, stage.hint)
        assert dict(hints(PAST, TABLE, stage.words()))[row.label] == "grid"
        assert set(stage.keys) <= set(TABLE)
    assert STAGES[0].rows() == ()


def test_the_hints_of_a_view_are_for_keys_that_there_are() -> None:
    assert {own_id for stage in STAGES for own_id in stage.words()} <= {key.id for key in TABLE}


def test_bindings_come_before_those_of_the_focused_widget() -> None:
    assert all(binding.priority for binding in bindings())


def test_the_interruption_holds_on_every_screen_and_the_rest_on_the_main_one() -> None:
    everywhere = {binding.id for binding in bindings(of_app=True)}
    assert everywhere == {"app.interrupt"}
    assert {binding.id for binding in bindings(of_app=False)} == {b.id for b in bindings()} - everywhere


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("left_square_bracket", "["),
        ("shift+left", "shift+←"),
        ("full_stop", "."),
        ("ctrl+d", "ctrl+d"),
        ("g", "g"),
    ],
)
def test_a_key_is_spelled_as_a_person_writes_it(name: str, text: str) -> None:
    assert spelled(name) == text


def test_hints_offer_what_helps_where_the_screen_stands_in_time() -> None:
    past, front, behind, before = (dict(hints(place)) for place in (PAST, FRONT, BEHIND, NOWHERE))
    assert [("L" in said, "[ ]" in said) for said in (past, front, behind)] == [
        (False, True),
        (False, False),
        (True, True),
    ]
    assert past["space"] == front["space"] == behind["space"] == "pause"
    assert not {"space", "←→", "t", "L"} & set(before)
    assert before["q"] == past["q"] == "quit"


def test_a_rewound_screen_is_told_first_how_to_come_back() -> None:
    assert hints(BEHIND)[:3] == [("?", "help"), ("q", "quit"), ("L", "now")]


def test_where_keys_mean_something_else_the_hints_say_so_early() -> None:
    words = {"row.choose": "go there", "view.mark": "since"}
    said = hints(PAST, TABLE, words)
    assert said[2:4] == [("enter", "go there"), ("b", "since")]
    assert ("enter", "detail") not in said
    assert "b" not in dict(hints(PAST))


def test_what_a_replay_is_steered_by_comes_early_and_an_empty_word_hides_its_key() -> None:
    assert [key for key, _ in hints(PAST)][:5] == ["?", "q", "space", "←→", "[ ]"]
    assert ("enter", "detail") not in hints(PAST, TABLE, {"row.choose": ""})
    assert "enter" not in dict(hints(PAST, TABLE, {"row.choose": ""}))


def test_a_keymap_changes_bindings_label_and_hint() -> None:
    table = with_keymap({"play.pause": "x", "row.down": "ctrl+n"})
    assert ("x", "pause") in hints(PAST, table)
    assert ("ctrl+n", "row") in hints(PAST, table)


def test_one_digit_can_be_moved_by_a_keymap() -> None:
    assert with_keymap({"symbol.3": "f3"}) is not None


def test_a_keymap_with_an_unknown_id_is_refused_in_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^The keymap names 'play\.rewind', which is no key's id; .*\.$"):
        with_keymap({"play.rewind": "x"})


def test_the_reference_has_every_row_once_and_says_where_it_holds() -> None:
    rows = {row.id: row for row in reference()}
    assert len(rows) == len(reference()) == len(TABLE)
    assert rows["row.down"] == (("j", "↓"), "row.down", "next row", "move", "main screen")
    assert rows["symbol.N"].keys == ("1–9",)
    assert (rows["app.interrupt"].where, rows["view.mark"].where) == ("every screen", "heat map")
    assert {row.id: row.keys for row in reference(with_keymap({"play.pause": "x"}))}["play.pause"] == ("x",)
