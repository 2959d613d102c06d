"""What we want to hear from Massive, what we asked for, and what we hold.

Owns the difference between wanted and held channels, the commands that follow from it, and the finding of
refused channels: an answer to several confirms the granted ones by name and says `not authorized` without
one, and what is held already is not answered again. So nothing waits for a number of answers; what is still
open after a while was refused when an error came meanwhile, is asked for once more when none did, and counts
as held when that too stays unanswered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from .notices import Notice, RefusedChannels, UnansweredChannels

MOST_CHANNELS, MOST_BYTES = 200, 8_000
"""Most that one command carries; the provider names no limit."""

ANSWER_NS = 5_000_000_000
"""How long an answer may take, ns."""

_JOINED, _LEFT = "subscribed to:", "unsubscribed to:"


class Channels:
    """The channels of one connection.

    wanted, held, refused : sets of channels such as `T.O:SPY251219C00650000`
    """

    def __init__(self) -> None:
        self.wanted: frozenset[str] = frozenset()
        self.held: set[str] = set()
        self.refused: set[str] = set()
        self._asked: dict[str, int | None] = {}
        self._asked_twice: set[str] = set()
        self._leaving: dict[str, int | None] = {}
        self._suspects: dict[str, str] = {}

    @property
    def asked(self) -> frozenset[str]:
        """Return the channels that were asked for and neither granted nor refused yet."""
        return frozenset(self._asked)

    def reset(self) -> None:
        """Forget everything but what is wanted: the next connection holds nothing."""
        wanted = self.wanted
        self.__init__()  # type: ignore[misc]
        self.wanted = wanted

    def commands(self) -> list[str]:
        """Return what has to be said so that we hold what we want, and count it as said."""
        leave = (self.held | self._asked.keys()) - self.wanted
        join = self.wanted - self.held - self._asked.keys() - self.refused
        for channel in leave:
            self._forget(channel)
        self._leaving |= dict.fromkeys(leave)
        self._asked |= dict.fromkeys(join)
        return [*_said("unsubscribe", leave), *_said("subscribe", join)]

    def confirm(self, message: str) -> bool:
        """Take `subscribed to: …` or `unsubscribed to: …`; False when it is neither."""
        for prefix, take in ((_JOINED, self._joined), (_LEFT, self._left)):
            if message.startswith(prefix):
                for channel in message.removeprefix(prefix).split(","):
                    take(channel.strip())
                return True
        return False

    def suspect(self, message: str) -> None:
        """Take a refusal: it may be meant for any channel that is unanswered."""
        self._suspects |= dict.fromkeys(self._asked, message)

    def reconcile(self, now_ns: int) -> tuple[list[Notice], list[str]]:
        """Settle what has been unanswered for too long; return what to tell and what to say."""
        for channel in _overdue(self._leaving, now_ns):
            del self._leaving[channel]
        due = _overdue(self._asked, now_ns)
        refused = [channel for channel in due if channel in self._suspects]
        silent = [channel for channel in due if channel in self._asked_twice - self._suspects.keys()]
        notices = [*self._refuse(refused), *self._assume(silent)]
        again = [channel for channel in due if channel in self._asked]
        self._asked_twice |= set(again)
        self._asked |= dict.fromkeys(again)
        return notices, list(_said("subscribe", again))

    def _refuse(self, channels: list[str]) -> Iterator[Notice]:
        by_message: dict[str, list[str]] = {}
        for channel in channels:
            by_message.setdefault(self._suspects[channel], []).append(channel)
            self._forget(channel)
            self.refused.add(channel)
        return (RefusedChannels(tuple(sorted(each)), message) for message, each in by_message.items())

    def _assume(self, channels: list[str]) -> Iterator[Notice]:
        for channel in channels:
            self._joined(channel)
        return iter([UnansweredChannels(tuple(sorted(channels)))] if channels else [])

    def _joined(self, channel: str) -> None:
        if channel in self._leaving and channel not in self._asked:
            return  # the answer to an earlier question; we have said since that we leave
        self._forget(channel)
        self.held.add(channel)

    def _left(self, channel: str) -> None:
        self._leaving.pop(channel, None)
        if channel not in self._asked:
            self.held.discard(channel)

    def _forget(self, channel: str) -> None:
        self.held.discard(channel)
        self.refused.discard(channel)
        self._asked.pop(channel, None)
        self._asked_twice.discard(channel)
        self._suspects.pop(channel, None)


def _overdue(since: dict[str, int | None], now_ns: int) -> list[str]:
    """Return what has waited too long; what was never looked at begins to wait now."""
    due = []
    for channel, began in since.items():
        if began is None:
            since[channel] = now_ns
        elif now_ns - began >= ANSWER_NS:
            due.append(channel)
    return due


def _said(action: str, channels: Iterable[str]) -> Iterator[str]:
    """Yield commands, sorted by channel, none larger than one may be."""
    part: list[str] = []
    size = 0
    for channel in sorted(channels):
        if len(part) == MOST_CHANNELS or size + len(channel) + 1 > MOST_BYTES:
            yield command(action, ",".join(part))
            part, size = [], 0
        part.append(channel)
        size += len(channel) + 1
    if part:
        yield command(action, ",".join(part))


def command(action: str, params: str) -> str:
    """Return a command as the text of a frame."""
    return msgspec.json.encode({"action": action, "params": params}).decode()
