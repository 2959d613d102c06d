"""`spymon thresholds`: every threshold of the signals as it is in force, with its unit and what it means."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from engine.fold.params import THRESHOLDS
from tui.settings.config import Settings
from tui.settings.thresholds import in_force

from ...run.interrupts import InterruptHandler


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Print a line a threshold, or one JSON list."""
    listed = list(as_objects(settings))
    sys.stdout.write(json.dumps(listed) + "\n" if "json" in args else as_lines(listed))
    return 0


def as_objects(settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield each threshold as the object that --json prints; `rule` is None for one that all rules share."""
    params = in_force(settings.preset, settings.thresholds)
    origins = {each.name: each.origin for each in settings.thresholds}
    for name, spec in THRESHOLDS.items():
        yield {
            "rule": spec.rule or None,
            "name": spec.field,
            "value": params.value(spec),
            "unit": spec.unit,
            "meaning": spec.meaning,
            "origin": origins.get(name, f"preset {settings.preset}"),
        }


def as_lines(listed: Sequence[dict[str, Any]]) -> str:
    """Return aligned columns: rule.name, value, unit, meaning."""
    rows = [
        (f"{each['rule']}.{each['name']}" if each["rule"] else each["name"], f"{each['value']:.12g}",
         each["unit"], each["meaning"])
        for each in listed
    ]  # fmt: skip
    name, value, unit = (max(len(row[i]) for row in rows) for i in range(3))
    return "".join(f"{n:<{name}}  {v:>{value}}  {u:<{unit}}  {meaning}\n" for n, v, u, meaning in rows)
