"""The provider's own examples of its messages, where its specification is at hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.model.events import BAR, FMV, QUOTE, SPOT, TRADE
from tests.fakes.massive.listener import machine
from tests.paths import DATA

SPEC = DATA / "massive_websocket_spec.json"


def example(path: str) -> dict[str, Any]:
    if not SPEC.exists():
        pytest.skip(f"{SPEC.name} is not here")
    answer = json.loads(SPEC.read_text())["paths"][path]["get"]["responses"]["200"]
    found: dict[str, Any] = answer["content"]["application/json"]["example"]
    return found


@pytest.mark.parametrize(
    ("path", "cluster", "kind"),
    [
        ("/options/T", "options", TRADE),
        ("/options/Q", "options", QUOTE),
        ("/options/A", "options", BAR),
        ("/options/AM", "options", BAR),
        ("/business/options/FMV", "options", FMV),
        ("/stocks/T", "stocks", SPOT),
        ("/stocks/Q", "stocks", SPOT),
        ("/indices/V", "indices", SPOT),
    ],
)
def test_an_example_reads_without_a_fault(path: str, cluster: str, kind: int) -> None:
    message = example(path)
    ticker = "T" if message["ev"] == "V" else "sym"
    message[ticker] = {"options": "O:SPY251219C00650000", "stocks": "SPY", "indices": "I:SPX"}[cluster]
    made = machine(cluster)
    made.receive(json.dumps([message]), 1)
    batches = made.events()
    assert made.counters.faults == 0, (message, made.counters)
    assert [int(each) for batch in batches.values() for each in batch.events["kind"]] == [kind]
