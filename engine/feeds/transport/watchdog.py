"""Whether an open connection is still worth keeping, and whether the machine slept. Times are arguments."""

from __future__ import annotations

from .backoff import ConnectionTimes


class Watchdog:
    """Looks after one open connection, a look a tick."""

    def __init__(self, times: ConnectionTimes, opened_s: float) -> None:
        self._times, self._login_since_s = times, opened_s
        self._over_since_s: float | None = None
        self._pinged_s: float | None = None

    def start_ping(self, now_s: float, last_read_s: float) -> bool:
        """Say whether to ask for a sign of life now, once in a silence, and count that as done."""
        if self._pinged_s is not None and last_read_s > self._pinged_s:
            self._pinged_s = None
        if self._pinged_s is not None or now_s - last_read_s < self._times.silent:
            return False
        self._pinged_s = now_s
        return True

    def trouble(
        self, now_s: float, last_read_s: float, streaming: bool, over: bool, behind: bool
    ) -> str | None:
        """Return why the connection must be given up, None when it need not.

        last_read_s : when anything came last
        streaming   : whether the login is over, as far as the conversation was decoded
        over        : whether the provider has ended it, as far as it was decoded
        behind      : whether something waits to be decoded: the answer may be in it
        """
        if behind:
            self._login_since_s = now_s
        if over:
            self._over_since_s = now_s if self._over_since_s is None else self._over_since_s
            if now_s - self._over_since_s > self._times.closing:
                return "The provider ended the conversation and left the connection open."
        elif not streaming and now_s - self._login_since_s > self._times.login:
            return f"The login was not answered within {self._times.login:g} s."
        if self._pinged_s is not None and last_read_s <= self._pinged_s <= now_s - self._times.pong:
            return f"Nothing was heard for {now_s - last_read_s:.0f} s, not even the answer to a ping."
        return None


class ClockJump:
    """Notices a jump of the wall clock against the monotonic one, as a laptop that slept makes it."""

    def __init__(self, jump_s: float) -> None:
        self._jump_s = jump_s
        self._drift_s: float | None = None

    def look(self, wall_s: float, monotonic_s: float) -> bool:
        """Say whether the clocks jumped apart since the last look."""
        drift_s = wall_s - monotonic_s
        before_s, self._drift_s = self._drift_s, drift_s
        return before_s is not None and abs(drift_s - before_s) > self._jump_s
