"""`spymon study`: how signals did against random moments over one day or many, and with other thresholds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from engine.fold.params import FoldParams
from engine.model.calendar import ET
from engine.session.what_if import with_changes
from engine.tape.tape import Tape
from engine.views.study import Tally, study_tape
from tui.settings.config import Settings

from ...run.fetch_missing_day import disk_with
from ...run.interrupts import InterruptHandler
from ...run.plan import RunFlags, RunPlan, make_plan
from ...run.sources import fold_params, make_sources
from ..output import Progress, progress_bar, say
from .date_ranges import asked_days
from .study_lines import Study, as_json, as_text


@dataclass(frozen=True, slots=True)
class _Part:
    """One symbol's day of a study."""

    plan: RunPlan
    symbol: str


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Fold every day once, or twice side by side with --set, and print what came of its signals."""
    changes = tuple(getattr(args, "changes", ()))
    fold = fold_params(settings)
    folds = (fold, with_changes(fold, changes)) if changes else (fold,)
    parts = _parts(asked_days(args.dates), args, settings, interrupts)
    with progress_bar("studying", interrupts) as progress:
        tallies = [_studied(parts, i, settings, folds, progress) for i in range(len(parts))]
    study = _study(tallies, settings, changes)
    sys.stdout.write(as_json(study) + "\n" if "json" in args else as_text(study))
    return 0


def _parts(
    days: Sequence[date], args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler
) -> list[_Part]:
    """Return every symbol and day to fold; whatever cannot be had is an error before anything is folded."""
    only_first = "symbol" not in args
    plans = [_plan(str(day), args, settings, interrupts) for day in days]
    for warning in dict.fromkeys(warning for plan in plans for warning in plan.warnings):
        say(warning)
    return [
        _Part(plan, symbol) for plan in plans for symbol in (plan.symbols[:1] if only_first else plan.symbols)
    ]


def _plan(replay: str, args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> RunPlan:
    disk = disk_with(replay, args, settings, interrupts)
    return make_plan(RunFlags(replay=replay, lines="text"), settings, disk, datetime.now(ET).date())


def _studied(
    parts: Sequence[_Part], i: int, settings: Settings, folds: Sequence[FoldParams], progress: Progress
) -> list[Tally]:
    """Fold part `i` under each set of thresholds."""
    part = parts[i]
    what = f"folding {part.symbol} {part.plan.day}"
    progress(what, i / len(parts))
    tape: Tape = make_sources(part.plan, settings, say)[0].open(part.symbol)
    return study_tape(tape, folds, lambda share: progress(what, (i + share) / len(parts)))


def _study(tallies: Sequence[Sequence[Tally]], settings: Settings, changes: tuple[str, ...]) -> Study:
    then = [each[0] for each in tallies]
    now = [each[1] for each in tallies] if changes else None
    return Study(settings.preset, changes, settings.seed, then, now)
