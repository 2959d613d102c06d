"""The help screen: every key by group, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from ..key import Key
from ..keys import grouped
from .modal import Modal

SIGNS = (
    ("►", "the strike nearest to the spot"),
    ("CW PW CPW", "call wall, put wall: the strikes with the most gamma; both"),
    ("⤬", "zero gamma, the flip: where net exposure changes its sign"),
    ("┆", "between the flips of the three signs: assumed, flow, blended"),
    ("m", "max pain"),
    ("GEX $/1% …", "net gamma, its unit, whose sign, what it is a sum of"),
    ("EM ± of ±", "expected move now, of what it was at the open"),
    ("FLOW NET $", "premium bought less premium sold, in $"),
    ("side? sure", "volume without a known side; how sure the known sides are"),
    ("░▒▓█ -=≡#", "heat map: above and below zero, by size"),
    ("▲ ▼ ◆  ▁▄█", "signals: buying, selling, neither; how strong"),
    ("✓ ✗ ~", "after 1, 5, 15 min: right, wrong, right only on the way"),
    ("○ …", "no direction was claimed; not over yet"),
    ("● ◐ ↻", "live, delayed by the plan, polled (and when next)"),
    ("⚠ ■ ○", "feed silent or cut (how long), market closed, not begun"),
    ("REWIND -3m", "earlier on a live day, which goes on; L is now"),
    ("● ┃", "in the bar: where the screen is; now, on a live day"),
    ("░", "the feed was silent"),
    ("lag p50 p99", "how late events come: half later than p50, 1 % than p99"),
    ("vol 98% heard", "share of the provider's day volume; — until it is told"),
    ("dropped", "quotes left out under load; trades never are"),
    ("— ·", "not known; never shown as 0"),
    ("dim", "no quote for a while"),
)

_KEYS_WIDTH = 13


class HelpScreen(Modal[None]):
    """Shows the table of keys; any of its closing keys leads back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter", "dismiss(None)", "close", show=False),
        Binding("j,down", "scroll(1)", "down", show=False),
        Binding("k,up", "scroll(-1)", "up", show=False),
        Binding("ctrl+d,space", "page(1)", "half a page down", show=False),
        Binding("ctrl+u", "page(-1)", "half a page up", show=False),
        Binding("g", "scroll(-9999)", "to the top", show=False),
        Binding("G", "scroll(9999)", "to the end", show=False),
    ]
    DEFAULT_CSS = """
    HelpScreen {
        align: center middle;
        VerticalScroll {
            width: 84; max-width: 100%; height: 90%;
            border: heavy $primary; background: $panel; padding: 0 1;
            scrollbar-size-vertical: 1; scrollbar-background: $panel; scrollbar-color: $primary;
        }
        Static { width: 100%; height: auto; background: $panel; }
    }
    """

    def __init__(self, table: Sequence[Key]) -> None:
        super().__init__()
        self._table = tuple(table)

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        page = VerticalScroll(Static(help_text(self._table)))
        page.border_title = "keys and signs"
        page.border_subtitle = "j k  PgDn PgUp  G signs   esc close"
        yield page

    def action_scroll(self, lines: int) -> None:
        """Scroll the page by so many lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_page(self, direction: int) -> None:
        """Scroll the page by half of what is seen."""
        self.action_scroll(direction * max(1, self.query_one(VerticalScroll).size.height // 2))


def help_text(table: Sequence[Key]) -> Content:
    """Return the whole page: keys by group, then the signs."""
    lines: list[Content] = []
    for group, rows in grouped(tuple(table)):
        lines += [_head(group), *(_row(key.label, key.help) for key in rows), Content("")]
    lines += [_head("signs"), *(_row(sign, text) for sign, text in SIGNS)]
    return Content("\n").join(lines)


def _head(text: str) -> Content:
    return Content.styled(text, "bold $text-accent")


def _row(keys: str, text: str) -> Content:
    return Content.assemble((f"  {keys:<{_KEYS_WIDTH}} ", "$text-primary"), text)
