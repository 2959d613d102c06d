from __future__ import annotations

from tui.screen.draw.cell_widget import text_of
from tui.screen.draw.fitting import Piece, fit

RULE = ("|", "faint", "bar")


def said(*forms: str, gives: tuple[int, ...] = ()) -> Piece:
    return Piece(tuple([(form, "text", "bar")] if form else [] for form in forms), gives)


def line(width: int, *pieces: Piece) -> str:
    return text_of(fit(pieces, width, RULE))


def test_everything_is_said_at_length_when_there_is_room() -> None:
    assert line(20, said("badge"), said("expiry", "exp", gives=(2, 1))) == "badge|expiry"


def test_the_most_ready_gives_way_first_and_only_as_far_as_needed() -> None:
    pieces = (said("badge"), said("expiry", "exp", gives=(3, 1)), said("rates", "r", gives=(4, 2)))
    assert [line(width, *pieces) for width in (18, 17, 13, 10, 9, 5)] == [
        "badge|expiry|rates",
        "badge|expiry|r",
        "badge|exp|r",
        "badge|exp",
        "badge|exp",
        "badge",
    ]


def test_a_piece_that_never_gives_way_stays_even_where_it_does_not_fit() -> None:
    assert line(3, said("badge"), said("x", gives=(1,))) == "badge"


def test_an_empty_piece_takes_no_rule() -> None:
    assert line(20, said("a"), said(""), said("b")) == "a|b"
