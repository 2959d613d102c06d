"""What is watched: which symbol, which of its expirations."""

from __future__ import annotations

from engine.views.commands import SelectExpiry

from .. import steering
from .home import ScreenActions


class SymbolActions(ScreenActions):
    """Change to another symbol of the watch list."""

    def number(self, n: int) -> None:
        """Show the symbol that is so many-th on the list, the first being 1."""
        symbols = self._screen.newest.symbols
        if n > len(symbols):
            sentence = f"The watch list has {len(symbols)} symbols; --symbol makes another list."
            self._screen.notify(sentence, timeout=3)
        else:
            self._screen.show_symbol(symbols[n - 1])

    def next(self) -> None:
        """Show the next symbol."""
        self._step(1)

    def previous(self) -> None:
        """Show the symbol before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        view = self._screen.newest
        symbol = steering.neighbour(view.symbols, self._screen.pending.symbol.after(view.symbol), by)
        if symbol is None:
            sentence = f"{view.symbol} is the only symbol; --symbol SPY,QQQ watches two."
            self._screen.notify(sentence, timeout=3)
        else:
            self._screen.show_symbol(symbol)


class ExpiryActions(ScreenActions):
    """Change to another expiration of the symbol."""

    def next(self) -> None:
        """Show the next expiration."""
        self._step(1)

    def previous(self) -> None:
        """Show the expiration before."""
        self._step(-1)

    def _step(self, by: int) -> None:
        screen, view = self._screen, self._screen.newest
        pending = screen.pending.expiry
        expiry = view.expiry and steering.neighbour(view.expiries, pending.after(view.expiry), by)
        if not view.expiries:
            screen.notify("No expiration is listed yet.", timeout=3)
        elif expiry is None:
            screen.notify("There is only this expiration; --expiry 3 watches the nearest three.", timeout=3)
        else:
            pending.ask(expiry)
            screen.send(SelectExpiry(expiry))
