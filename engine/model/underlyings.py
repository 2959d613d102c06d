"""Whose options are whose: underlyings, their option roots, and the spellings of their symbols.

Owns the table of index roots and how they settle, the presets, and what `--custom` says. Every other root
belongs to the symbol it equals; a digit makes it an adjusted contract's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from .errors import UsageError


@dataclass(frozen=True, slots=True)
class Underlying:
    """What distinguishes one underlying's options.

    symbol           : `SPY`, and `BRK.B` for a class of shares
    roots            : option roots; the first one is tracked, and is PM-settled where any is
    increment_milli  : distance of neighbouring strikes, 1/1000 $
    multiplier       : shares per contract
    late_close       : options trade until 15 minutes after the stock close
    am_settled_roots : roots whose monthly expiration settles on the opening prints
    daily            : an expiration on every trading day; otherwise weekly
    tick_3           : price step of options from $3, 1/10000 $; 0 when it is the step of cheaper ones
    every_am         : every expiration of `am_settled_roots` settles so, not the monthly one alone
    """

    symbol: str
    roots: tuple[str, ...]
    increment_milli: int
    multiplier: int
    late_close: bool
    index: bool
    am_settled_roots: tuple[str, ...]
    daily: bool = False
    tick_3: int = 0
    every_am: bool = False

    @property
    def tick(self) -> int:
        """The price step of options below $3, 1/10000 $."""
        return _NICKEL if self.tick_3 > _NICKEL else _CENT


def _fund(symbol: str, daily: bool = True, tick_3: int = 0) -> Underlying:
    return Underlying(symbol, (symbol,), 1_000, 100, True, False, (), daily, tick_3)


def _index(symbol: str, pm_root: str, increment_milli: int) -> Underlying:
    return Underlying(symbol, (pm_root, symbol), increment_milli, 100, True, True, (symbol,), True, 1_000)


INDICES: Mapping[str, Underlying] = MappingProxyType(
    {
        "SPX": _index("SPX", "SPXW", 5_000),
        "NDX": _index("NDX", "NDXP", 25_000),
        "RUT": _index("RUT", "RUTW", 5_000),
        "VIX": Underlying(
            "VIX", ("VIXW", "VIX"), 500, 100, True, True, ("VIXW", "VIX"), tick_3=500, every_am=True
        ),
        "XSP": Underlying("XSP", ("XSP",), 1_000, 100, True, True, (), daily=True),
    }
)
"""The indices: monthly options settle at the opening, others at the close; volatility always at the opening,
XSP always at the close."""

PRESETS: Mapping[str, Underlying] = MappingProxyType(
    {
        "SPY": _fund("SPY"),
        "QQQ": _fund("QQQ"),
        "IWM": _fund("IWM"),
        "DIA": _fund("DIA", daily=False, tick_3=500),
        "SPX": INDICES["SPX"],
        "NDX": INDICES["NDX"],
    }
)
"""The underlyings that are simulated too, by symbol."""

KNOWN: Mapping[str, Underlying] = MappingProxyType({**PRESETS, **INDICES})
"""The underlyings that need no `--custom`, by symbol."""

CLASSES: Mapping[str, str] = MappingProxyType(
    {"BRKA": "BRK.A", "BRKB": "BRK.B", "BFA": "BF.A", "BFB": "BF.B"}
)
"""The symbol of a root that is a class of shares, which its letters don't tell."""

_CENT, _NICKEL = 100, 500
_NO_CUSTOMS: Mapping[str, Underlying] = MappingProxyType({})
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,5}(?:\.[A-Z]{1,2})?", re.ASCII)
_ROOT = re.compile(r"[A-Z0-9]{1,6}")
_ADJUSTED = re.compile(r"([0-9]?)([A-Z]+)([0-9]?)")
_DECIMAL = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?")


def parse_symbol(text: str) -> str:
    """Read an underlying's symbol in any case and any provider's spelling; UsageError for what is none.

    A class of shares is set off by a dot, slash, dash or space: `BRK.B BRK/B BRK-B`, or by nothing: `BRKB`.
    An index may carry its mark: `I:SPX _SPX ^SPX $SPX $SPX.X`.
    """
    name = unmarked(text)
    parts = re.split(r"[./ -]", name)
    name = CLASSES.get(name) or ".".join(parts)
    if not _SYMBOL.fullmatch(name):
        raise UsageError(
            f"{text!r} cannot be a symbol; use 1 to 6 letters or digits beginning with a letter, like SPY, "
            "and a dot before the class of shares, like BRK.B."
        )
    return name


def unmarked(symbol: str) -> str:
    """Return a symbol in capitals, without the mark of an index."""
    name = symbol.strip().upper()
    index = re.fullmatch(r"(?:I:|\$|[_^.])([A-Z0-9]+)(?:\.X)?", name)
    return index[1] if index else name


def root_of(symbol: str) -> str:
    """Return the option root that equals a symbol: options know no dots."""
    return symbol.replace(".", "")


def symbol_of_root(root: str, customs: Mapping[str, Underlying] = _NO_CUSTOMS) -> str | None:
    """Return the symbol a root belongs to: by the table, or the one it equals; None for adjusted contracts.

    Adjusted contracts, after a split or a merger, carry a digit and deliver something else than 100 shares.
    """
    owner = underlying_of_root(root, customs)
    if owner is not None:
        return owner.symbol
    return CLASSES.get(root, root) if root.isalpha() else None


def adjusted_from(root: str) -> str:
    """Return the root an adjusted contract had before, '' for a root that is no adjusted one's."""
    match = _ADJUSTED.fullmatch(root)
    return match[2] if match and (match[1] or match[3]) else ""


def underlying(symbol: str, customs: Mapping[str, Underlying] = _NO_CUSTOMS) -> Underlying:
    """Return what is known of a symbol, in any case; UsageError for one that is unknown or cannot be one."""
    name = parse_symbol(symbol)
    known = customs.get(name) or KNOWN.get(name)
    if known is not None:
        return known
    owner = underlying_of_root(name, customs)
    if owner is not None:
        raise UsageError(f"{name} is an option root of {owner.symbol}; ask for {owner.symbol} instead.")
    raise UsageError(
        f"{name} has no preset; give its strike increment with --custom {name}:INCREMENT, "
        f"for example --custom {name}:2.5."
    )


def underlying_of_root(root: str, customs: Mapping[str, Underlying] = _NO_CUSTOMS) -> Underlying | None:
    """Return the underlying whose options have this root, None when no preset, index or custom has it."""
    known = (*customs.values(), *KNOWN.values())
    return next((each for each in known if root in each.roots), None)


def parse_custom(spec: str) -> Underlying:
    """Read `ROOT:INCREMENT[:PREFIX]`; PREFIX is the option root where it differs, with or without `O:`."""
    root, _, rest = spec.strip().removeprefix("I:").partition(":")
    increment, _, prefix = rest.partition(":")
    increment_milli = to_milli(increment)
    if not increment_milli:
        raise UsageError(
            f"--custom {spec!r} needs ROOT:INCREMENT[:PREFIX] with an increment in steps of 0.001 "
            "above zero, for example AAPL:2.5."
        )
    name = parse_symbol(root)
    base = replace(KNOWN.get(name) or generic(name, increment_milli), increment_milli=increment_milli)
    option_root = prefix.strip().upper().removeprefix("O:")
    if not option_root:
        return base
    if not _ROOT.fullmatch(option_root):
        raise UsageError(
            f"--custom {spec!r} names an option root that cannot be one; use 1 to 6 letters or digits."
        )
    return replace(base, roots=tuple(dict.fromkeys((option_root, *base.roots))))


def generic(symbol: str, increment_milli: int) -> Underlying:
    """Return a weekly, PM-settled stock underlying; UsageError for what cannot be a symbol."""
    name = parse_symbol(symbol)
    return Underlying(name, (root_of(name),), increment_milli, 100, False, False, ())


def to_milli(text: str) -> int | None:
    """Read a plain decimal of at most 5+3 digits as thousandths, exactly; None for anything else."""
    match = _DECIMAL.fullmatch(text)
    return None if match is None else int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))
