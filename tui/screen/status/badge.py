"""The badge and the clock: how the screen stands to the market, and when its data is from.

Owns the words and glyphs; colour only repeats them.
"""

from __future__ import annotations

from engine.model.calendar import clock_text
from engine.model.events import NS
from engine.tape.link import Badge, Link
from engine.views.view import View

from .. import format as fmt

_MODES = {
    Badge.LIVE: "live",
    Badge.DELAYED: "delayed",
    Badge.POLL: "delayed",
    Badge.CLOSED: "closed",
    Badge.REWIND: "replay",
    Badge.REPLAY: "replay",
    Badge.SIMULATED: "simulated",
}
_GLYPHS = {Badge.LIVE: "●", Badge.DELAYED: "◐", Badge.POLL: "↻", Badge.CLOSED: "■"}
_WIDTH = 13  # `STALE 59m59s`, and a blank; so a feed that comes and goes moves nothing beside its badge


def unbegun(view: View) -> bool:
    """Say whether a live day has nothing to show yet: no event, or a stream without a contract."""
    if view.link is None or view.badge in (Badge.REWIND, Badge.REPLAY):
        return False
    return not view.counts.events or (view.badge in (Badge.LIVE, Badge.DELAYED) and not view.expiries)


def _unheard(view: View) -> bool:
    """Say whether a connection is still to bring its first word."""
    link = view.link
    if link is None or (view.badge, link.silent_s) != (Badge.GAP, None):
        return False
    return link.state in ("connecting", "waiting")


def mode_of(view: View) -> str:
    """Name how the screen stands to the market; anything wrong with the feed counts as stale."""
    return "closed" if unbegun(view) or _unheard(view) else _MODES.get(view.badge, "stale")


def badge_text(view: View) -> str:
    """Write the badge: `● LIVE`, `⚠ STALE 12s`, `⏵ REWIND -3m12s`, `⏵ REPLAY ×10`.

    Its width depends neither on the speed nor on any count of seconds. Before a live feed's first word it is
    the state of the connection, for nothing is live yet and nothing is lost.
    """
    if view.link is not None and (unbegun(view) or _unheard(view)):
        return f" ○ {view.link.state.upper()}".ljust(_WIDTH + 3)
    if view.rewound:
        return f" {_playing(view)} REWIND {behind(view):<7} "
    if view.badge in (Badge.REPLAY, Badge.SIMULATED):
        return f" {_playing(view)} {view.badge} {fmt.speed(view.speed):<5} "
    return f" {_GLYPHS.get(view.badge, '⚠')} {view.badge} " if view.link is None else link_badge(view.link)


def link_badge(link: Link) -> str:
    """Write how a feed is, for the badge, or beside it while the screen is rewound."""
    return f" {_GLYPHS.get(link.badge, '⚠')} {link.badge} {_seconds(link)}".ljust(_WIDTH + 3)


def brief_badge(view: View) -> str:
    """Write the badge without speed and blanks."""
    return badge_text(view).partition(" ×")[0].rstrip() + " "


def data_clock(view: View, *, tenths: bool = False) -> str:
    """Write the time of the data; dashes before a live day's first event, and in a gap without a chain."""
    if unbegun(view) or (view.badge == Badge.GAP and not view.expiries):
        return "--:--:--.-" if tenths else "--:--:--"
    return clock_text(view.tape_ns, tenths=tenths)


def behind(view: View) -> str:
    """Write how far a rewound screen is behind the front of its day."""
    return fmt.NONE if view.live_ns is None else f"-{fmt.span(view.live_ns - view.tape_ns)}"


def _playing(view: View) -> str:
    return "⏹" if view.finished else "⏸" if view.paused else "⏵"


def _seconds(link: Link) -> str:
    """Write the time to the next poll, or how long nothing has been heard."""
    if link.badge == Badge.POLL:
        return "" if link.next_poll_s is None else f"{link.next_poll_s:>3}s"
    if link.badge in (Badge.LIVE, Badge.DELAYED) or link.silent_s is None:
        return ""
    return fmt.span(link.silent_s * NS)
