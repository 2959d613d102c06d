"""The signal log's lines as cells: its title, and one line per signal.

Owns the wording of a signal in one line: time, direction, kind, contract, measured against usual, price
before and after, what came of it. It refuses to know which signals are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from engine.model.calendar import clock_text
from engine.model.events import PRICE_SCALE
from engine.views.view import Outcome, SignalRow

from ...settings.prefs import RULES, Prefs
from .. import format as fmt
from ..draw.bars import SPARKS
from ..draw.cell_widget import Cell, Row, fitted
from .log_filter import RULE_WORDS

WIDE, WIDEST = 100, 150
"""From so many columns on a line spells things out, and then its outcomes too."""

_ROOMY = 70  # columns from which a line has tenths of a second and the price before
_LISTED = 108  # columns from which the title names every rule
_HORIZONS = 3
_MOVE_WIDTH = 11

_ARROWS = {"buy": "▲", "sell": "▼"}
_INKS = {"buy": ("buy_lo", "buy", "buy_hi"), "sell": ("sell_lo", "sell", "sell_hi")}
_PLAIN = ("muted", "text", "strong")
_BRIEF = {
    "volume_spike": "SPIKE",
    "spread_tightening": "SPREAD",
    "price_move": "MOVE",
    "fmv_divergence": "FMV",
    "sweep": "SWEEP",
    "block": "BLOCK",
    "zero_gamma_cross": "FLIP",
    "wall_break": "WALL",
    "regime_change": "REGIME",
}
_MILD, _STRONG = 0.55, 0.75  # strength from which a signal is painted brighter; 0.5 is its rule's threshold
Numbers = dict[str, float]


def title_row(
    prefs: Prefs, width: int, *, shown: int, total: int, new: int, following: bool, focus: bool
) -> Row:
    """Write the log's title: rules, filter, how many there are, and whether it follows."""
    ink = "title" if focus else "muted"
    cells: list[Cell] = [("─ SIGNALS ", ink, "base"), *_rules(prefs, width)]
    if prefs.log_filter:
        cells.append((f"  / {fmt.clip(prefs.log_filter, max(4, width // 4))}", "key", "base"))
    if prefs.muted:
        names = ", ".join(_BRIEF.get(rule, _own(rule)).lower() for rule in sorted(prefs.muted))
        cells.append((fmt.clip(f"  muted {names}", max(8, width // 4)), "warn", "base"))
    count = f" {shown:,} of {total:,}" if shown != total else f" {total:,}"
    state = (
        (" follow ▼ ", "muted", "base")
        if following
        else (f" · {f'{new} new' if new else 'looking back'} ▼ ", "warn" if new else "muted", "base")
    )
    used = sum(len(text) for text, _, _ in cells) + len(count) + len(state[0])
    rule = ("─" * (width - used - 1)) if width > used + 1 else ""
    return fitted([*cells, (" " + rule, "faint", "base"), (count, "muted", "base"), state], width, "base")


def empty_line(total: int, width: int) -> Row:
    """Say why no signal is shown."""
    why = f"none of {total:,} matches; esc shows all" if total else "no signal yet"
    return fitted([(f" {why}", "muted", "base")], width, "base")


def signal_line(
    row: SignalRow,
    width: int,
    *,
    first_ns: int,
    before: int,
    count: int,
    day: date,
    cursor: bool,
    outcomes: tuple[Outcome, ...] = (),
) -> Row:
    """Write one signal for `width` cells.

    first_ns, before : time and mid of the first of `count` signals collapsed into this line
    outcomes         : what is known of what came of it, shortest horizon first
    """
    ground = "cursor" if cursor else "base"
    wide, tight = width >= WIDE, width < _ROOMY
    ink = _INKS.get(row.direction, _PLAIN)[(row.strength >= _MILD) + (row.strength >= _STRONG)]
    bar = SPARKS[min(7, int(row.strength * 8))]
    head: list[Cell] = [
        (f"{'▸' if cursor else ' '}{clock_text(first_ns, tenths=not tight)} ", "muted", ground),
        (f"{_ARROWS.get(row.direction, '◆')}{_kind(row.rule, wide)} {bar} ", ink, ground),
        (_contract(row, day, wide), "strong", ground),
    ]
    tail = _tail(None if tight else before, row.mid_after, count, wide)
    came = _came(outcomes, width, ground)
    room = width - sum(len(text) for text, _, _ in (*head, *came)) - len(tail)
    words = fmt.clip(measured(row, brief=not wide), max(0, room - 1)).ljust(max(0, room))
    return fitted([*head, (words, "text", ground), (tail, "text", ground), *came], width, ground)


def outcome_mark(outcome: Outcome) -> tuple[str, str]:
    """Return glyph and ink of an outcome: ✓ right, ✗ wrong, ~ only on the way, ○ undirected, — unknown."""
    if outcome.hit is None:
        known = outcome.underlying is not None
        return ("○" if known else fmt.NONE), "muted"
    if outcome.hit:
        return "✓", "buy"
    return ("~", "muted") if outcome.touched else ("✗", "sell")


def _came(outcomes: tuple[Outcome, ...], width: int, ground: str) -> list[Cell]:
    """Write one mark for each horizon, … while it is not over; with the move where there is room."""
    cells: list[Cell] = []
    for outcome in outcomes:
        mark, ink = outcome_mark(outcome)
        text = mark if width < WIDEST else f" {_moved(outcome)} {mark}".rjust(_MOVE_WIDTH)
        cells.append((text, ink, ground))
    waiting = _HORIZONS - len(outcomes)
    dots = "…" if width < WIDEST else "…".rjust(_MOVE_WIDTH)
    return [*cells, (dots * waiting + " ", "faint", ground)]


def _moved(outcome: Outcome) -> str:
    """Write the move of the contract, or of the underlying where there is none: `5m+0.12`."""
    move = outcome.underlying if outcome.contract is None else outcome.contract
    size = fmt.NONE if move is None else f"{move / PRICE_SCALE:+.2f}"
    return f"{outcome.horizon_s // 60}m{size}"


def measured(row: SignalRow, *, brief: bool) -> str:
    """Say what was measured against what, from the signal's evidence; its reason when that is not known."""
    forms = _MEASURED.get(row.rule)
    numbers = dict(row.evidence)
    if forms is None or not all(name in numbers for name in forms.needs):
        return row.reason
    return forms.brief(numbers) if brief else forms.wide(numbers)


def _rules(prefs: Prefs, width: int) -> list[Cell]:
    if width < _LISTED:
        name = _BRIEF.get(prefs.log_rule, "all").lower()
        return [(f"[{name}]", "strong", "base")]
    cells: list[Cell] = []
    for rule in RULES:
        name = _BRIEF[rule].lower() if rule else "all"
        chosen = rule == prefs.log_rule
        cells.append((f"[{name}]" if chosen else f" {name} ", "strong" if chosen else "faint", "base"))
    return cells


def _kind(rule: str, wide: bool) -> str:
    name = _own(rule).replace("_", " ").upper()
    if wide:
        return RULE_WORDS.get(rule, name).upper().replace("Γ", "γ").ljust(10)[:10]
    return _BRIEF.get(rule, name).ljust(6)[:6]


def _own(rule: str) -> str:
    """Return the name of a user's rule without what says that it is one."""
    return rule.removeprefix("user:")


def _contract(row: SignalRow, day: date, wide: bool) -> str:
    if row.contract is None:
        return f"{'spot':>16} " if wide else f"{'spot':>7} "
    name = f"{row.contract.short:>7} "
    if not wide:
        return name
    days = (row.contract.expiry - day) // timedelta(days=1)
    return f"{row.contract.root} {days}DTE {name}"


def _tail(before: int | None, after: int, count: int, wide: bool) -> str:
    arrow = " → " if wide else "→"
    times = f"×{count}" if count > 1 else ""
    if before is None:
        return f" →{fmt.price(after):<8}{times:<4}"
    return f" {fmt.price(before):>6}{arrow}{fmt.price(after):<6} {times:<4}"


def _volume_wide(n: Numbers) -> str:
    lean = f"  lean {n['lean']:+.0%}" if n.get("lean", 0.0) else ""
    return f"z {n['z']:.1f}  {n['volume']:,.0f} in {n['window_s']:.0f}s ({n['ratio']:.0f}×)  premium " + (
        fmt.dollars(n["premium_usd"]) + lean
    )


def _volume_brief(n: Numbers) -> str:
    return f"{n['volume']:,.0f}/{n['window_s']:.0f}s {n['ratio']:.0f}× {fmt.dollars(n['premium_usd'])}"


def _spread_wide(n: Numbers) -> str:
    sizes = f"size {n['bid_size']:.0f}x{n['ask_size']:.0f}"
    return f"{_spread_brief(n)} of the usual spread  {sizes}  held {n['held_s']:.1f}s"


def _spread_brief(n: Numbers) -> str:
    usual, now = n["median_spread_usd"], n["spread_usd"]
    share = f" ({now / usual:.0%})" if usual > 0 else ""
    return f"{usual:.2f}→{now:.2f}{share}"


def _price_wide(n: Numbers) -> str:
    expected = n["expected_usd"]
    known = f"  underlying explains {expected:+.2f}  z {n['z']:.1f}" if expected == expected else ""
    return f"mid {n['move_usd']:+.2f} ({n['percent']:+.1f}%) in {n['window_s']:.0f}s{known}"


def _price_brief(n: Numbers) -> str:
    return f"{n['move_usd']:+.2f} {n['percent']:+.1f}%/{n['window_s']:.0f}s"


def _fmv_wide(n: Numbers) -> str:
    held = f"  {n['edge']:.1f} half spreads  held {n['held_s']:.1f}s" if n["held_s"] == n["held_s"] else ""
    return f"mid {n['mid_usd']:.3f} vs fmv {n['fmv_usd']:.3f} ({n['percent']:+.1f}%){held}"


def _fmv_brief(n: Numbers) -> str:
    return f"mid {n['mid_usd']:.2f} fmv {n['fmv_usd']:.2f} {n['percent']:+.1f}%"


def _sweep_wide(n: Numbers) -> str:
    return (
        f"{n['volume']:,.0f} in {n['prints']:.0f} prints on {n['exchanges']:.0f} exchanges within "
        f"{1000 * n['span_s']:.0f} ms  premium {fmt.dollars(n['premium_usd'])}"
    )


def _sweep_brief(n: Numbers) -> str:
    return f"{n['volume']:,.0f} on {n['exchanges']:.0f} exch {fmt.dollars(n['premium_usd'])}"


def _block_wide(n: Numbers) -> str:
    return f"{n['size']:,.0f} at {n['price_usd']:.2f} in one print  premium {fmt.dollars(n['premium_usd'])}"


def _block_brief(n: Numbers) -> str:
    return f"{n['size']:,.0f}@{n['price_usd']:.2f} {fmt.dollars(n['premium_usd'])}"


def _cross_wide(n: Numbers) -> str:
    return (
        f"{n['spot_usd']:.2f} crossed zero gamma {n['zero_gamma_usd']:.2f}  "
        f"net {fmt.exposure(n['net_before'])} → {fmt.exposure(n['net'])} sh/$1"
    )


def _cross_brief(n: Numbers) -> str:
    return (
        f"{n['spot_usd']:.2f} over {n['zero_gamma_usd']:.2f}"
        if n["net"] > 0
        else (f"{n['spot_usd']:.2f} under {n['zero_gamma_usd']:.2f}")
    )


def _wall_wide(n: Numbers) -> str:
    return f"{n['spot_usd']:.2f} broke the wall at {n['wall_usd']:g} that stood {_stood(n)}"


def _wall_brief(n: Numbers) -> str:
    return f"{n['spot_usd']:.2f} past {n['wall_usd']:g}"


def _stood(n: Numbers) -> str:
    return fmt.age(n["stood_s"])


def _regime_wide(n: Numbers) -> str:
    sign = "positive" if n["net"] > 0 else "negative"
    return f"γ {sign} for {_stood(n)}, {n['share']:.0%} of the gross  at {n['spot_usd']:.2f}"


def _regime_brief(n: Numbers) -> str:
    return f"net {'positive' if n['net'] > 0 else 'negative'} {n['share']:.0%}"


@dataclass(frozen=True, slots=True)
class _Wording:
    """How a rule's evidence is told: the numbers it needs, the long form, the short form."""

    needs: tuple[str, ...]
    wide: Callable[[Numbers], str]
    brief: Callable[[Numbers], str]


_MEASURED = {
    "volume_spike": _Wording(
        ("z", "ratio", "volume", "premium_usd", "window_s"), _volume_wide, _volume_brief
    ),
    "spread_tightening": _Wording(
        ("spread_usd", "median_spread_usd", "bid_size", "ask_size", "held_s"), _spread_wide, _spread_brief
    ),
    "price_move": _Wording(
        ("move_usd", "percent", "window_s", "expected_usd", "z"), _price_wide, _price_brief
    ),
    "fmv_divergence": _Wording(("mid_usd", "fmv_usd", "percent", "edge", "held_s"), _fmv_wide, _fmv_brief),
    "sweep": _Wording(("volume", "prints", "exchanges", "span_s", "premium_usd"), _sweep_wide, _sweep_brief),
    "block": _Wording(("size", "price_usd", "premium_usd"), _block_wide, _block_brief),
    "zero_gamma_cross": _Wording(
        ("spot_usd", "zero_gamma_usd", "net", "net_before"), _cross_wide, _cross_brief
    ),
    "wall_break": _Wording(("spot_usd", "wall_usd", "stood_s"), _wall_wide, _wall_brief),
    "regime_change": _Wording(("net", "stood_s", "share", "spot_usd"), _regime_wide, _regime_brief),
}
