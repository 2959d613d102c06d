"""Where a list of strikes stands on the screen: the top row and the cursor, as pure values.

Owns the arithmetic of scrolling, of the cursor and of keeping spot in sight. Rows count from the highest
strike down.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

_CALM = 0.25  # share of the height at either end that spot may not enter while the ladder follows it


@dataclass(frozen=True, slots=True)
class ScrollPosition:
    """A position in strikes, so that strikes joining at an end move nothing.

    top    : strike_milli of the topmost row, None before the first placing
    cursor : strike_milli under the cursor, None while there is no cursor
    follow : keep spot in the middle half
    """

    top: int | None = None
    cursor: int | None = None
    follow: bool = True


@dataclass(slots=True)
class Axis:
    """Where the strikes of a symbol stand, for all widgets that take turns in showing them."""

    position: ScrollPosition = field(default_factory=ScrollPosition)
    symbol: str = ""


def top_row(position: ScrollPosition, strikes: list[int], atm: int, height: int) -> int:
    """Return the row of `strikes` (descending) that stands at the top.

    atm : row nearest to spot, -1 when spot is not known
    """
    most = max(0, len(strikes) - height)
    top = row_of(strikes, position.top) if position.top is not None else -1
    if position.follow and atm >= 0:
        edge = int(height * _CALM)
        if top < 0 or not top + edge <= atm < top + height - edge:
            top = atm - height // 2
    elif top < 0:
        top = most // 2
    return min(max(0, top), most)


def row_of(strikes: list[int], strike_milli: int) -> int:
    """Return the row of the highest strike not above `strike_milli`; the last row when all are."""
    return next((row for row, strike in enumerate(strikes) if strike <= strike_milli), len(strikes) - 1)


def moved(
    position: ScrollPosition, strikes: list[int], rows: int, top: int, height: int, atm: int
) -> ScrollPosition:
    """Move the cursor by `rows` (down is positive), scrolling just enough to keep it in sight."""
    if not strikes:
        return position
    if position.cursor is None:
        start = atm if top <= atm < top + height else top + height // 2
    else:
        start = row_of(strikes, position.cursor)
    return at_row(position, strikes, start + rows, top, height)


def at_row(position: ScrollPosition, strikes: list[int], row: int, top: int, height: int) -> ScrollPosition:
    """Put the cursor on a row, scrolling just enough to show it; scrolling ends following spot."""
    row = min(max(0, row), len(strikes) - 1)
    fresh = min(max(top, row - height + 1), row)
    follow = position.follow and fresh == top
    return replace(position, cursor=strikes[row], top=strikes[fresh], follow=follow)


def scrolled(
    position: ScrollPosition, strikes: list[int], rows: int, top: int, height: int
) -> ScrollPosition:
    """Scroll without moving the cursor; spot is no longer followed."""
    if not strikes:
        return position
    fresh = min(max(0, top + rows), max(0, len(strikes) - height))
    return replace(position, top=strikes[fresh], follow=False)
