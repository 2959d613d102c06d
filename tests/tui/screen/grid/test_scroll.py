from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.screen.grid.scroll import ScrollPosition, at_row, moved, row_of, scrolled, top_row

STRIKES = list(range(706_000, 655_000, -1000))  # 51 strikes, the row of 681 is 25
ATM = 25
HEIGHT = 21


def test_spot_stands_in_the_middle_at_first() -> None:
    assert top_row(ScrollPosition(), STRIKES, ATM, HEIGHT) == ATM - HEIGHT // 2


def test_a_spot_that_wanders_little_scrolls_nothing() -> None:
    place = ScrollPosition(top=STRIKES[15])
    assert {top_row(place, STRIKES, atm, HEIGHT) for atm in range(20, 31)} == {15}


def test_a_spot_that_leaves_the_middle_half_is_centred_again() -> None:
    assert top_row(ScrollPosition(top=STRIKES[15]), STRIKES, 31, HEIGHT) == 31 - HEIGHT // 2


def test_a_person_who_scrolled_is_left_alone() -> None:
    assert top_row(ScrollPosition(top=STRIKES[3], follow=False), STRIKES, 40, HEIGHT) == 3


def test_strikes_that_join_at_the_top_move_nothing() -> None:
    place = ScrollPosition(top=STRIKES[3], follow=False)
    more = [708_000, 707_000, *STRIKES]
    assert more[top_row(place, more, ATM + 2, HEIGHT)] == STRIKES[3]


def test_without_spot_the_middle_of_the_chain_is_shown() -> None:
    assert top_row(ScrollPosition(), STRIKES, -1, HEIGHT) == (len(STRIKES) - HEIGHT) // 2


def test_the_cursor_starts_at_spot_and_stops_at_the_ends() -> None:
    place = moved(ScrollPosition(), STRIKES, 1, 15, HEIGHT, ATM)
    assert place.cursor == STRIKES[ATM + 1]
    assert moved(place, STRIKES, 99, 15, HEIGHT, ATM).cursor == STRIKES[-1]
    assert moved(place, STRIKES, -99, 15, HEIGHT, ATM).cursor == STRIKES[0]


def test_moving_inside_the_screen_still_follows_spot_and_scrolling_does_not() -> None:
    assert moved(ScrollPosition(), STRIKES, 1, 15, HEIGHT, ATM).follow
    assert not at_row(ScrollPosition(), STRIKES, 50, 15, HEIGHT).follow
    assert not scrolled(ScrollPosition(), STRIKES, 3, 15, HEIGHT).follow


def test_a_strike_that_is_not_listed_is_found_at_the_next_below() -> None:
    assert STRIKES[row_of(STRIKES, 680_500)] == 680_000
    assert row_of(STRIKES, 1) == len(STRIKES) - 1


def test_nothing_can_be_scrolled_where_there_is_nothing() -> None:
    assert moved(ScrollPosition(), [], 1, 0, HEIGHT, -1) == ScrollPosition()
    assert scrolled(ScrollPosition(), [], 1, 0, HEIGHT) == ScrollPosition()
    assert top_row(ScrollPosition(), [], -1, HEIGHT) == 0


@given(st.lists(st.integers(-30, 30), max_size=20), st.integers(1, 60))
def test_the_cursor_never_leaves_the_screen(steps: list[int], height: int) -> None:
    place = ScrollPosition()
    for step in steps:
        place = moved(place, STRIKES, step, top_row(place, STRIKES, ATM, height), height, ATM)
        top = top_row(place, STRIKES, ATM, height)
        assert place.cursor is not None
        assert top <= row_of(STRIKES, place.cursor) < top + height
