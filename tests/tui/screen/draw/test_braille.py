from __future__ import annotations

from tui.screen.draw.braille import Stroke, cells, dots, glyph


def drawn(heights: list[int | None], rows: int = 4, stroke: Stroke = Stroke()) -> list[str]:  # noqa: B008
    return ["".join(glyph(pattern) for pattern in row) for row in cells(dots(heights, rows, stroke)).tolist()]


def test_dots_stand_at_their_heights() -> None:
    assert drawn([0, 0]) == ["⠉"]
    assert drawn([3, 3]) == ["⣀"]
    assert drawn([0, 0, 7, 7], 8)[0][0] == "⠉"


def test_a_step_is_joined_without_doubling_its_ends() -> None:
    assert dots([0, 3], 4, Stroke()).astype(int).tolist() == [[1, 0], [0, 1], [0, 1], [0, 1]]
    assert dots([3, 0], 4, Stroke()).astype(int).tolist() == [[0, 1], [0, 1], [0, 1], [1, 0]]


def test_what_is_not_known_is_left_out_and_nothing_is_joined_across_it() -> None:
    assert dots([0, None, 3], 4, Stroke()).sum() == 2


def test_a_broken_stroke_leaves_columns_out() -> None:
    assert dots([0] * 6, 4, Stroke(on=2, off=1))[0].astype(int).tolist() == [1, 1, 0, 1, 1, 0]


def test_no_dots_are_a_blank() -> None:
    assert drawn([None, None]) == [" "]
