"""What one symbol's source says of itself: the badge, and the one sentence that matters most."""

from __future__ import annotations

from ...model.events import NS
from ...tape.link import Link
from ..transport.feed_status import FeedStatus, skew_sentence
from ..transport.session_hours import Hours, closed_sentence
from .capabilities import LABEL, STREAMED
from .rest_poller import RestPoller
from .sockets import Sockets
from .subscriptions import refusal_sentence

_BEAT_NS = int(STREAMED.capabilities.beat_s * NS)


def link_of(poller: RestPoller, sockets: Sockets, hours: Hours, poll_ns: int, now_ns: int) -> Link:
    """Return how a symbol stands at `now_ns`, ns UTC."""
    writer, options = poller.writer, sockets.options
    status = FeedStatus(
        now_ns=now_ns,
        beat_ns=_BEAT_NS,
        market_open=hours.is_open(now_ns),
        streaming=options.streaming,
        waiting=options.waiting,
        polling=poller.polling,
        delayed=writer.delayed,
        last_data_ns=_last_data_ns(poller, sockets),
        next_poll_ns=poller.next_poll_ns,
        poll_ns=poll_ns,
    )
    return Link(
        badge=status.badge,
        state=status.state,
        dropped=options.conflated,
        note=_note(poller, sockets, hours, status),
        spot_origin=writer.origin,
        silent_s=status.silent_s if status.market_open else _chain_age_s(poller, hours, now_ns),
        next_poll_s=status.next_poll_s,
        reconciled=writer.volumes.share,
        refused=writer.refused,
    )


def _chain_age_s(poller: RestPoller, hours: Hours, now_ns: int) -> int | None:
    """Return how old the chain shown before the open is, whole seconds; None without one, or later."""
    chain_ns = poller.writer.chain_ns
    return None if chain_ns is None or now_ns >= hours.open_ns else max(now_ns - chain_ns, 0) // NS


def _last_data_ns(poller: RestPoller, sockets: Sockets) -> int:
    """Return when anything came last, by an earlier process if not by this one; ns UTC, 0 for never."""
    if poller.polling:
        return poller.snapshot_ns
    if sockets.options.streaming:
        return sockets.options.last_frame_ns
    return sockets.options.complete_until_ns if poller.joined else poller.writer.tape_writer.resumed_ns


def _note(poller: RestPoller, sockets: Sockets, hours: Hours, status: FeedStatus) -> str:
    writer, options, symbol = poller.writer, sockets.options, poller.writer.underlying.symbol
    if writer.tape_writer.trouble:
        return writer.tape_writer.trouble
    if not status.market_open:
        closed = closed_sentence(hours, status.now_ns, writer.chain_ns)
        return " ".join(filter(None, (closed, poller.failure)))
    if options.why and not status.streaming:
        poll_failure = poller.failure if poller.polling else ""
        return " ".join(filter(None, (options.why, options.next_attempt(status.now_ns), poll_failure)))
    if not poller.ready.is_set():
        return poller.failure or f"Waiting for the chain of {symbol}."
    if not len(writer.tape_writer.listed):
        return poller.failure or f"{LABEL} lists no contract of {symbol} to watch."
    return (
        poller.failure
        or poller.unfilled
        or refusal_sentence(writer.refused)
        or status.silence
        or skew_sentence(options.ahead_s, LABEL)
    )
