"""One channel's thread: alerts wait in a short queue, a failure is tried again with growing pauses.

Nothing here can hold up or stop whoever sends an alert. It refuses to know what a channel is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from engine.model.errors import AlertError

from .channels import Channel
from .message import Alert

QUEUED = 16
"""Most alerts that wait for one channel; older ones are of no use to anybody."""

PAUSES_S = (1.0, 4.0, 15.0)
"""Seconds between one attempt and the next."""


class Delivery:
    """Delivers over one channel from a thread of its own.

    report : told in one sentence, from that thread, when the channel begins to fail
    """

    def __init__(
        self, channel: Channel, report: Callable[[str], None], pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        self.name = channel.name
        self._channel = channel
        self._report = report
        self._pauses_s = tuple(pauses_s)
        self._waiting: deque[Alert] = deque(maxlen=QUEUED)
        self._changed = threading.Condition()
        self._closing = False
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=f"alerts by {channel.name}", daemon=True)
        self._thread.start()

    def put(self, alert: Alert) -> None:
        """Take an alert; the oldest that waits makes room for it."""
        with self._changed:
            self._waiting.append(alert)
            self._changed.notify()

    def close(self) -> None:
        """Ask for an end: what waits is tried once more, without pauses."""
        with self._changed:
            self._closing = True
            self._changed.notify()

    def join(self, within_s: float) -> bool:
        """Wait for the end; return whether it came."""
        self._thread.join(max(within_s, 0.0))
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._channel.prepare()
        except AlertError as error:
            self._complain(error)
        while (alert := self._next()) is not None:
            self._deliver(alert)

    def _next(self) -> Alert | None:
        """Return the next alert; None when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing)
            return self._waiting.popleft() if self._waiting else None

    def _deliver(self, alert: Alert) -> None:
        for pause_s in (*self._pauses_s, None):
            try:
                self._channel.send(alert)
            except AlertError as error:
                self._complain(error)
            else:
                self._failing = False
                return
            if pause_s is None or self._closes_within(pause_s):
                return

    def _closes_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._closing, seconds)

    def _complain(self, error: AlertError) -> None:
        """Report a failure, unless it goes on from before."""
        if not self._failing:
            self._failing = True
            self._report(str(error))
