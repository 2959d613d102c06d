"""What somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(
    word: str, names: Iterable[str], otherwise: str = ".", before: str = "; ", prefix: str = ""
) -> str:
    """Return '; did you mean NAME?' for the name most like a misspelt word, `otherwise` when none is."""
    import difflib  # only a mistake waits for it

    close = difflib.get_close_matches(word, list(names), n=1, cutoff=0.6)
    return f"{before}did you mean {prefix}{close[0]}?" if close else otherwise
