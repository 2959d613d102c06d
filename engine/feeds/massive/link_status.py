"""What one symbol's source says of itself: the badge, and the one sentence that matters most."""

from __future__ import annotations

from ...model.events import NS
from ...tape.link import Link
from .feed_status import FeedStatus, refusal_sentence, skew_sentence
from .rest_poller import RestPoller
from .session_hours import Hours, closed_sentence
from .sockets import Sockets


def link_of(errands: RestPoller, clusters: Sockets, hours: Hours, poll_ns: int, now_ns: int) -> Link:
    """Return how a symbol stands at `now_ns`, ns UTC."""
    followed = errands.followed
    standing = FeedStatus(
        now_ns=now_ns,
        on=hours.on(now_ns),
        streaming=clusters.streaming,
        waiting=clusters.waiting,
        polling=errands.polling,
        delayed=followed.delayed,
        heard_ns=_heard_ns(errands, clusters),
        poll_at_ns=errands.poll_at_ns,
        poll_ns=poll_ns,
    )
    return Link(
        badge=standing.badge,
        state=standing.state,
        dropped=clusters.conflated,
        note=_note(errands, clusters, hours, standing),
        spot_origin=followed.origin,
        silent_s=_chain_age_s(errands, hours, now_ns) if not standing.on else standing.silent_s,
        next_poll_s=standing.next_poll_s,
        reconciled=followed.volumes.share,
        refused=followed.refused,
    )


def _chain_age_s(errands: RestPoller, hours: Hours, now_ns: int) -> int | None:
    """Return how old the chain shown before the open is, whole seconds; None without one, or later."""
    chain_ns = errands.followed.chain_ns
    return None if chain_ns is None or now_ns >= hours.open_ns else max(now_ns - chain_ns, 0) // NS


def _heard_ns(errands: RestPoller, clusters: Sockets) -> int:
    """Return when anything came last, by an earlier process if not by this one; ns UTC, 0 for never."""
    if errands.polling:
        return errands.heard_ns
    if clusters.streaming:
        return clusters.heard_ns
    return clusters.told_ns if errands.joined else errands.followed.intake.resumed_ns


def _note(errands: RestPoller, clusters: Sockets, hours: Hours, standing: FeedStatus) -> str:
    followed, symbol = errands.followed, errands.followed.underlying.symbol
    if followed.intake.trouble:
        return followed.intake.trouble
    if not standing.on:
        closed = closed_sentence(hours, standing.now_ns, followed.chain_ns)
        return " ".join(filter(None, (closed, errands.failure)))
    if clusters.why and not standing.streaming:
        polled = errands.failure if errands.polling else ""
        return " ".join(filter(None, (clusters.why, clusters.again(standing.now_ns), polled)))
    if not errands.ready.is_set():
        return errands.failure or f"Waiting for the chain of {symbol}."
    if not len(followed.intake.listed):
        return errands.failure or f"Massive lists no contract of {symbol} to watch."
    return (
        errands.failure
        or errands.unfilled
        or refusal_sentence(followed.refused)
        or standing.silence
        or skew_sentence(clusters.ahead_s)
    )
