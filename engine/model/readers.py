"""Readers of what a person wrote as a setting; each raises ValueError for anything else."""

from __future__ import annotations

import re
from collections.abc import Callable


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of a whole number within bounds."""

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return read


def number(least: float, most: float) -> Callable[[str], float]:
    """Return a reader of a number within bounds."""

    def read(text: str) -> float:
        value = float(text)
        if not least <= value <= most:  # nan fails here too
            raise ValueError(text)
        return value

    return read


def choice(*names: str) -> Callable[[str], str]:
    """Return a reader of one of some names, in whichever letters."""

    def read(text: str) -> str:
        word = text.strip().lower()
        if word not in names:
            raise ValueError(text)
        return word

    return read


def yes(text: str) -> bool:
    """Read yes or no."""
    return choice("true", "false", "yes", "no", "1", "0")(text) in ("true", "yes", "1")


def address(*schemes: str) -> Callable[[str], str]:
    """Return a reader of a scheme, a host and perhaps a port, without the slash at the end."""
    form = re.compile(rf"(?:{'|'.join(schemes)})://[A-Za-z0-9.\[\]:_-]+/?")

    def read(text: str) -> str:
        if not form.fullmatch(text.strip()):
            raise ValueError(text)
        return text.strip().rstrip("/")

    return read
