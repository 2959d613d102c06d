"""What a feed says of itself: one badge, one word and the seconds that go with them.

Pure: how things stand goes in, what is shown comes out.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...model.events import NS
from ...tape.link import Badge

POLLS_MISSED = 3
"""Polls in a row that may bring nothing before the badge says that there is no data."""

SILENT_S = 5
"""Silence over an open connection that is worth a sentence, s."""

LONG_WAIT_NS = 10 * NS
"""Waits for the next attempt that are worth a countdown, in all."""

SKEW_S = 3
"""What a clock may be off before it is told, s: both sides tell whole seconds, and answers take time."""


def retry_sentence(since_ns: int, retry_at_ns: int | None, now_ns: int) -> str:
    """Say when it is tried again, in a wait that began at `since_ns` and is long; else ''. ns UTC."""
    if retry_at_ns is None or retry_at_ns - since_ns < LONG_WAIT_NS:
        return ""
    return f"Next attempt in {max(-(-(retry_at_ns - now_ns) // NS), 0)} s."


def skew_sentence(ahead_s: int | None, provider: str) -> str:
    """Say that this machine's clock is so far before the provider's, or behind it; '' when it is not far."""
    if ahead_s is None or abs(ahead_s) < SKEW_S:
        return ""
    where, how = ("ahead of", "long") if ahead_s > 0 else ("behind", "short")
    off = f"{abs(ahead_s)} s {where} {provider}'s"
    return f"This machine's clock is {off}: set it; every lag is that much too {how}."


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How one symbol's feed stands at `now_ns`, all times ns UTC.

    beat_ns      : the longest silence in market hours while all is well, ns
    market_open  : whether it is
    streaming    : everything that brings data by itself is up
    waiting      : some of that waits for its next attempt
    polling      : the chain is polled in its place, every `poll_ns`
    delayed      : the provider says that what it sends is delayed
    last_data_ns : when anything came last, by itself or by poll; 0 before anything did
    next_poll_ns : when the next poll is due
    """

    now_ns: int
    beat_ns: int
    market_open: bool
    streaming: bool = False
    waiting: bool = False
    polling: bool = False
    delayed: bool = False
    last_data_ns: int = 0
    next_poll_ns: int = 0
    poll_ns: int = 5 * NS

    @property
    def badge(self) -> Badge:
        """Return what the screen shows first."""
        if not self.market_open:
            return Badge.CLOSED
        if self.polling:
            return Badge.POLL if self._silence_ns < POLLS_MISSED * self.poll_ns else Badge.GAP
        if not self.streaming:
            return Badge.GAP
        if self._silence_ns >= self.beat_ns:
            return Badge.STALE
        return Badge.DELAYED if self.delayed else Badge.LIVE

    @property
    def state(self) -> str:
        """Return the connection in one word."""
        if not self.market_open:
            return "closed"
        if self.polling:
            return "polling"
        if self.streaming:
            return "connected"
        return "waiting" if self.waiting else "connecting"

    @property
    def silent_s(self) -> int | None:
        """Return whole seconds since anything came, None while all is well or before anything did."""
        if self.badge not in (Badge.STALE, Badge.GAP) or not self.last_data_ns:
            return None
        return self._silence_ns // NS

    @property
    def silence(self) -> str:
        """Return a sentence on a connection that is open and brings nothing; '' before that is worth one."""
        if self.badge is not Badge.STALE or self._silence_ns < SILENT_S * NS:
            return ""
        return "The connection is open, and nothing comes over it; unless it answers soon it is made anew."

    @property
    def next_poll_s(self) -> int | None:
        """Return whole seconds until the next poll, rounded up; None when nothing is polled."""
        if not self.market_open or not self.polling:
            return None
        return max(-(-(self.next_poll_ns - self.now_ns) // NS), 0)

    @property
    def _silence_ns(self) -> int:
        return max(self.now_ns - self.last_data_ns, 0)
