"""The alerts of one run: hears every signal, lets few of them out, and says what came of it.

Everything here returns at once, except `close`. It refuses to know how an alert is worded and sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from engine.model.errors import AlertError
from engine.views.view import FiredSignal

from .channels import Channel
from .delivery import PAUSES_S, Delivery
from .gate import AlertGate, AlertParams
from .message import Alert

PATIENCE_S = 3.0
"""How long the end of a run waits for alerts that are under way."""


class Alerter:
    """Sends what its gate lets through; to be used by one thread.

    channels  : those that were asked for, the bell among them
    bell      : the bell that a key turns on and off, asked for or not
    in_replay : whether alerts are wanted of a tape that is not happening now
    bell_on   : whether it rings; turned on by hand it rings in a replay too
    """

    def __init__(
        self,
        params: AlertParams,
        channels: Sequence[Channel],
        bell: Channel,
        *,
        in_replay: bool = False,
        wall: Callable[[], int] = time.monotonic_ns,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self.bell_on = any(channel.name == bell.name for channel in channels)
        self._by_hand = False
        self._bell = bell
        self._in_replay = in_replay
        self._gate = AlertGate(params)
        self._wall = wall
        self._heard = True
        self._complaints: SimpleQueue[str] = SimpleQueue()
        others = [channel for channel in channels if channel.name != bell.name]
        self._direct = [channel for channel in others if channel.direct]
        self._deliveries = [
            Delivery(channel, self._complaints.put, pauses_s) for channel in others if not channel.direct
        ]
        self._broken: set[str] = set()

    # --- what happens -----------------------------------------------------------------------------

    def hear(self, fired: FiredSignal) -> None:
        """Take in a signal, and send what is due."""
        self._heard = self._in_replay or not fired.replayed
        others = self._heard and (self._direct or self._deliveries)
        if others or (self.bell_on and (self._heard or self._by_hand)):  # else nothing begins a cooldown
            self._send(self._gate.offer(fired, self._wall()))

    def tick(self) -> list[str]:
        """Send what time has made due; return a sentence for each channel that has begun to fail."""
        self._send(self._gate.due(self._wall()))
        return self._complained()

    def close(self, within_s: float = PATIENCE_S) -> list[str]:
        """Send what was held back, and wait so long at most; return what is to be said about it."""
        self._send(self._gate.flush(self._wall()))
        for delivery in self._deliveries:
            delivery.close()
        end_ns = time.monotonic_ns() + int(within_s * 1e9)
        for delivery in self._deliveries:
            if not delivery.join((end_ns - time.monotonic_ns()) / 1e9):
                self._complaints.put(
                    f"The alert channel {delivery.name} was too slow at the end; alerts are lost."
                )
        return self._complained()

    # --- what a person turns on and off -----------------------------------------------------------

    def toggle_bell(self) -> bool:
        """Turn the bell on or off; return whether it is on."""
        self.bell_on, self._by_hand = not self.bell_on, True
        return self.bell_on

    def toggle_mute(self, rule: str) -> bool:
        """Mute a rule, or let it through again; return whether it is muted."""
        self._gate.muted ^= {rule}
        return rule in self._gate.muted

    @property
    def muted(self) -> frozenset[str]:
        """The rules that send nothing for now."""
        return self._gate.muted

    # --- inside -----------------------------------------------------------------------------------

    def _send(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            if self.bell_on:
                self._write(self._bell, alert)
            if not self._heard:
                continue
            for channel in self._direct:
                self._write(channel, alert)
            for delivery in self._deliveries:
                delivery.put(alert)

    def _write(self, channel: Channel, alert: Alert) -> None:
        try:
            channel.send(alert)
        except AlertError as error:
            if channel.name not in self._broken:
                self._broken.add(channel.name)
                self._complaints.put(str(error))

    def _complained(self) -> list[str]:
        sentences: list[str] = []
        while True:
            try:
                sentences.append(self._complaints.get_nowait())
            except Empty:
                return sentences
