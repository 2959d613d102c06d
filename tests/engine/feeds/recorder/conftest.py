from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.model.events import KIND_NAMES, Events


@pytest.fixture(scope="session")
def events_of(mixed_events: Callable[[int, int], Events]) -> Callable[[int, int], Events]:
    """Return what makes about n events of everything, of known kinds and contracts."""

    def made(seed: int, n: int) -> Events:
        events = mixed_events(seed, n)
        return events[(events["kind"] < len(KIND_NAMES)) & (events["cid"] >= 0) & (events["cid"] <= 6)]

    return made
