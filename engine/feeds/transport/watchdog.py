"""Whether an open connection is still worth keeping, and whether the machine slept. Times are arguments."""

from __future__ import annotations

from ..massive.wire.handshake import HandshakeState
from .backoff import ConnectionTimes

_OVER = (HandshakeState.REFUSED, HandshakeState.EVICTED, HandshakeState.SLOW, HandshakeState.DISMISSED)


class Watchdog:
    """Looks after one open connection, a look a tick."""

    def __init__(self, pace: ConnectionTimes, opened_s: float) -> None:
        self._pace, self._opened_s = pace, opened_s
        self._over_s: float | None = None
        self._pinged_s: float | None = None

    def ping_due(self, now_s: float, heard_s: float) -> bool:
        """Say, once in a silence, that it has lasted long enough to ask for a sign of life."""
        if self._pinged_s is not None and heard_s > self._pinged_s:
            self._pinged_s = None
        if self._pinged_s is not None or now_s - heard_s < self._pace.silent:
            return False
        self._pinged_s = now_s
        return True

    def trouble(self, now_s: float, heard_s: float, state: HandshakeState, behind: bool) -> str | None:
        """Return why the connection must be given up, None when it need not.

        heard_s : when anything came last
        state   : of the conversation, as far as it was decoded
        behind  : whether something waits to be decoded: the answer may be in it
        """
        if behind:
            self._opened_s = now_s
        if state in _OVER:
            self._over_s = now_s if self._over_s is None else self._over_s
            if now_s - self._over_s > self._pace.closing:
                return "The provider ended the conversation and left the connection open."
        elif state is not HandshakeState.STREAMING and now_s - self._opened_s > self._pace.login:
            return f"The login was not answered within {self._pace.login:g} s."
        if self._pinged_s is not None and heard_s <= self._pinged_s <= now_s - self._pace.pong:
            return f"Nothing was heard for {now_s - heard_s:.0f} s, not even the answer to a ping."
        return None


class ClockJump:
    """Notices a jump of the wall clock against the monotonic one, as a laptop that slept makes it."""

    def __init__(self, jump_s: float) -> None:
        self._jump_s = jump_s
        self._drift_s: float | None = None

    def noticed(self, wall_s: float, monotonic_s: float) -> bool:
        """Say whether the clocks jumped apart since the last look."""
        drift_s = wall_s - monotonic_s
        before_s, self._drift_s = self._drift_s, drift_s
        return before_s is not None and abs(drift_s - before_s) > self._jump_s
