"""`spymon levels`: gamma exposure, walls and zero gamma of a tape at a moment, or of a chain file."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from datetime import date
from math import inf
from pathlib import Path

from engine.analytics.exposure_choice import ExposureChoice
from engine.analytics.key_levels import Levels, measure
from engine.analytics.option_chain import Chosen, alive
from engine.model.errors import UsageError
from engine.model.events import NS
from engine.model.underlyings import parse_custom, parse_symbol
from engine.store.chains import ChainFile, read_chain, settled_notes
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.providers import chosen_source
from ...run.sources import terms_of
from ..output import progress_bar, say
from .level_lines import LevelsAnswer, moment, written
from .tapes import FoldedDay, age_text, chain_now, choice_for, parse_moment

_FAR = 1.25
"""So many times beyond the outermost strikes no spot belongs to them."""

_OF_FILES = ("spot", "iv")
_OF_TAPES = ("replay", "source", "seed")


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Print the levels in the shape that was asked for."""
    form = _form(args)
    symbol = parse_symbol(args.underlying) if "underlying" in args else None
    if "chain" in args:
        _refuse(args, _OF_TAPES, "goes with a symbol's tape, not with a chain file")
        if choice_of(args).basis == "flow" or choice_of(args).convention != "assumed":
            flag = "basis flow" if getattr(args, "basis", "") == "flow" else f"convention {args.convention}"
            raise UsageError(f"--{flag} needs a tape: a chain file does not say who bought.")
        answer = _of_files(args, settings, symbol)
    elif symbol is None:
        raise UsageError("Name a symbol, or a chain file with --chain: spymon levels SPX.")
    else:
        _refuse(args, _OF_FILES, "goes with a chain file; a tape has its own")
        answer = _of_tape(symbol, args, settings, interrupts)
    for note in answer.notes:
        say(note)
    if answer.origin and form == "csv":
        say(f"{symbol} {answer.origin}.")
    sys.stdout.write(written(answer, form))
    return 0


def parse_expiry(text: str) -> Chosen:
    """Read `all`, `0dte`, a date, or how many of the nearest."""
    word = text.strip().lower()
    if word == "all":
        return "all"
    if word == "0dte":
        return "0dte"
    try:
        return _positive(word) if word.isdecimal() and len(word) < 8 else date.fromisoformat(word)
    except ValueError:
        raise UsageError(
            f"--expiry {text} is not all, 0dte, a date (YYYY-MM-DD) or a number of expirations from 1."
        ) from None


def choice_of(args: argparse.Namespace) -> ExposureChoice:
    """Return the convention and basis that were asked for; UsageError for two that do not go together."""
    convention, basis = getattr(args, "convention", None), getattr(args, "basis", None)
    choice = ExposureChoice() if convention is None else ExposureChoice().with_convention(convention)
    if basis is None:
        return choice
    found = choice.with_basis(basis)
    if convention is not None and found.convention != convention:
        raise UsageError(f"--convention {convention} does not go with --basis {basis}; leave one out.")
    return found


def _positive(word: str) -> int:
    if (count := int(word)) < 1:
        raise ValueError(word)
    return count


def _form(args: argparse.Namespace) -> str:
    if "json" not in args:
        return str(getattr(args, "format", "table"))
    if "format" in args:
        raise UsageError("--json and --format are two shapes of one answer; choose one.")
    return "json"


def _refuse(args: argparse.Namespace, names: tuple[str, ...], why: str) -> None:
    for name in names:
        if name in args:
            raise UsageError(f"--{name} {why}.")


def _expiry(args: argparse.Namespace) -> Chosen:
    return parse_expiry(getattr(args, "expiry", "all"))


def _of_tape(
    symbol: str, args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler
) -> LevelsAnswer:
    expiry, choice, now_ns = _expiry(args), choice_of(args), time.time_ns()
    flow = choice.basis == "flow" or choice.convention != "assumed"  # which only a tape tells
    origin = choice_for(symbol, args, settings, interrupts, "at" not in args and not flow)
    if origin.plan is None:
        return _of_now(symbol, args, settings, origin.said, now_ns)
    day = FoldedDay(symbol, origin.plan, settings)
    at_ns = day.moment(args.at) if "at" in args else day.end_ns
    with progress_bar("folding", interrupts) as progress:
        day.fold_to(at_ns, progress)
    found = day.levels(expiry, choice)
    info = day.tape.info
    age_s = None if info.simulated else max(now_ns - at_ns, 0) / NS
    said = said_origin(origin.said, info.simulated, at_ns, now_ns)
    return LevelsAnswer(found, info.source, found.notes, info.simulated, said, age_s)


def said_origin(said: str, simulated: bool, at_ns: int, now_ns: int) -> str:
    """Say where an answer is from and how old it is; '' where somebody chose."""
    if not said:
        return ""
    return said if simulated else f"{said}, {age_text(at_ns, now_ns)}"


def _of_now(
    symbol: str, args: argparse.Namespace, settings: Settings, said: str, now_ns: int
) -> LevelsAnswer:
    found, at_ns = levels_now(symbol, settings, now_ns, _expiry(args), choice_of(args))
    source = chosen_source(settings)
    said = said_origin(said, False, at_ns, now_ns)
    return LevelsAnswer(found, source, found.notes, False, said, max(now_ns - at_ns, 0) / NS)


def levels_now(
    symbol: str, settings: Settings, now_ns: int, expiry: Chosen, choice: ExposureChoice
) -> tuple[Levels, int]:
    """Return the levels of the provider's chain, and the moment that is of, ns UTC."""
    file = chain_now(symbol, settings, now_ns)
    at_ns = now_ns if file.at_ns is None else file.at_ns
    assert file.spot is not None, "chain_now refuses such a chain"
    terms = replace(terms_of(settings), at_ns=at_ns, spot=file.spot)
    found = measure(alive(file.chain, expiry, at_ns), terms, choice)
    return replace(found, notes=(*file.notes, *found.notes)), at_ns


def _of_files(args: argparse.Namespace, settings: Settings, symbol: str | None) -> LevelsAnswer:
    expiry = _expiry(args)
    paths = [Path(path) for path in args.chain]
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    file = read_chain(paths, customs, symbol)
    names = ", ".join(map(str, paths))
    spot = _spot(args, file, names)
    at_ns = _at(args, file, names)
    terms = replace(terms_of(settings), at_ns=at_ns, spot=spot, iv=getattr(args, "iv", "own"))
    found = measure(alive(file.chain, expiry, at_ns), terms, choice_of(args))
    notes = (*file.notes, *settled_notes(file.chain, at_ns), *found.notes)
    return LevelsAnswer(found, ", ".join(path.name for path in paths), notes)


def _spot(args: argparse.Namespace, file: ChainFile, names: str) -> float:
    if "spot" not in args:
        if file.spot is None:
            raise UsageError(f"{names} does not say the spot; give it with --spot, for example --spot 600.5.")
        return file.spot
    try:
        spot = float(args.spot)
    except ValueError:
        spot = 0.0
    if not 0.0 < spot < inf:
        raise UsageError(f"--spot {args.spot} is not a price above 0.")
    low, high = float(file.chain.strike.min()), float(file.chain.strike.max())
    if not low / _FAR <= spot <= high * _FAR:
        raise UsageError(
            f"--spot {args.spot} and the strikes of {names}, {low:g} to {high:g}, don't belong together."
        )
    return spot


def _at(args: argparse.Namespace, file: ChainFile, names: str) -> int:
    if "at" in args:
        return parse_moment(args.at, None if file.at_ns is None else moment(file.at_ns).date())
    if file.at_ns is None:
        raise UsageError(
            f"{names} does not say when it was made; give it with --at, for example --at 2025-05-01T08:28."
        )
    return file.at_ns
