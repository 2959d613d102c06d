"""Whether everything in a frame was accounted for, judged by another reader of JSON."""

from __future__ import annotations

import json
import math
from typing import Any

from engine.feeds.massive.wire.frame_reader import Counters
from engine.feeds.massive.wire.machine import Machine


def accounted(counters: Counters) -> int:
    """Return how many messages and broken pieces were taken note of."""
    good = counters.events + counters.statuses + counters.elsewhere + counters.duplicates + counters.unpriced
    return good + counters.faults


def feed(machine: Machine, frame: bytes, received_ns: int) -> str | None:
    """Feed one frame; return what is wrong with the account of it, None when nothing is."""
    before, faults = accounted(machine.counters), machine.counters.faults
    machine.receive(frame, received_ns)
    machine.events()
    machine.notices()
    machine.to_send()
    noted, bad = accounted(machine.counters) - before, machine.counters.faults - faults
    try:
        said = json.loads(frame.decode(), parse_constant=_refuse, parse_float=_finite)
    except _DisputedError:
        return None
    except (ValueError, RecursionError):
        return None if bad >= 1 else "a broken frame left no trace"
    if isinstance(said, dict):
        said = [said]
    if isinstance(said, list) and all(isinstance(each, dict) for each in said):
        # A lone surrogate is JSON to one reader and not to the other.
        return None if noted == len(said) or b"\\ud" in frame else f"{noted} noted of {len(said)} messages"
    return None if bad >= 1 else "something that is no message left no trace"


class _DisputedError(ValueError):
    """A number beyond floats is JSON to one reader and not to the other."""


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    if math.isinf(float(text)):
        raise _DisputedError(text)
    return float(text)
