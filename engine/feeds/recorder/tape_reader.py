"""How far one screen has read a tape that is being recorded: what it is to be sent next."""

from __future__ import annotations

from ...tape.live_tape import LiveTape
from .protocol import ContractNames, Message, RowsMessage, SourceReport, TapeEnd, TapeExtent, pack


class TapeReader:
    """Reads a tape in a thread of its own choosing, from its first row on, while others write and fold it."""

    def __init__(self, tape: LiveTape) -> None:
        self.tape = tape
        self._rows, self._contracts = 0, 0
        self._last_report: SourceReport | None = None

    def skip(self, have: TapeExtent) -> bool:
        """Begin after what the screen has; False when that is no beginning of what can be read."""
        names = self._names()[: have.contracts]
        own = TapeExtent().with_names(names)
        while own.rows < min(have.rows, self.tape.events):
            own = own.with_rows(pack(self.tape.since(own.rows)[: have.rows - own.rows]))
        self._rows, self._contracts = own.rows, own.contracts
        return own == have

    def take_report(self, repeat: bool) -> SourceReport | None:
        """Return what the source says of its connection if it says something else now, or to `repeat` it."""
        report = SourceReport(self.tape.link)
        if report == self._last_report and not repeat:
            return None
        self._last_report = report
        return report

    def take_message(self) -> Message | None:
        """Return what comes next and go on behind it, None when nothing is new."""
        # Whether more can come is asked before what has come, and contracts after the rows that name them.
        closed = not self.tape.open
        events = self.tape.since(self._rows)
        names = self._names()
        if names:
            self._contracts += len(names)
            return ContractNames(names)
        if len(events):
            first, self._rows = self._rows, self._rows + len(events)
            return RowsMessage(first, pack(events))
        return TapeEnd() if closed else None

    def _names(self) -> list[str]:
        """Return the OCC names of the contracts after those that were handed out."""
        contracts = self.tape.contracts
        return [contracts[cid].occ for cid in range(self._contracts + 1, len(contracts) + 1)]
