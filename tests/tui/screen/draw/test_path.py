from __future__ import annotations

from tui.screen.draw.path import GLYPHS, path


def drawn(levels: list[int | None], height: int) -> list[str]:
    return ["".join(GLYPHS[code] for code in row) for row in path(levels, height).tolist()]


def test_a_level_line_is_straight() -> None:
    assert drawn([1, 1, 1], 3) == ["   ", "───", "   "]


def test_a_line_turns_its_corners_where_it_climbs_and_falls() -> None:
    assert drawn([2, 0, 0, 2], 3) == [
        " ╭─╮",
        " │ │",
        "─╯ ╰",
    ]


def test_a_gap_leaves_nothing_and_the_line_starts_anew() -> None:
    assert drawn([0, None, 1], 2) == ["─  ", "  ─"]


def test_a_line_that_leaves_the_picture_goes_to_its_edge() -> None:
    assert drawn([1, -1, 1], 2) == [" ││", "─╯╰"]
