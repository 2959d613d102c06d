"""meta.json: what is written is read again, and what is damaged says so."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.fold.state import FOLD_VERSION
from engine.model.underlyings import PRESETS, generic
from engine.store.days.meta import DayMeta, Facts, InputFile, TapeCounts, from_json


def meta(**changes: Any) -> DayMeta:
    facts = Facts(
        source="import",
        spot_origin="minute bars",
        tick=100,
        underlying=generic("GOOG", 2_500),
        complete=True,
        notes=("There is no open interest — “none”.",),
        inputs=(InputFile("trades.csv.gz", 5642, "ab" * 32),),
    )
    measured = TapeCounts(
        events=3,
        counts={"trade": 2, "gap": 1},
        first_ns=1_450_967_340_000_000_000,
        last_ns=1_450_967_400_000_000_001,
        starts=(1_450_967_340_000_000_000,),
        gaps=((1, 2),),
        content="cd" * 16,
        tape_bytes=1234,
    )
    return replace(DayMeta(date(2015, 12, 24), "GOOG", facts, measured), **changes)


def damaged(change: dict[str, Any], room: str | None = None) -> str:
    fields = json.loads(meta().to_json())
    (fields[room] if room else fields).update(change)
    return json.dumps(fields)


@pytest.mark.parametrize("hashes", [{}, {FOLD_VERSION: "0f" * 8}, {0: "1e" * 8, FOLD_VERSION: "0f" * 8}])
def test_what_is_written_is_read_again(hashes: dict[int, str]) -> None:
    original = meta(hashes=hashes)
    assert from_json(original.to_json()) == original


@pytest.mark.parametrize("symbol", sorted(PRESETS))
def test_every_preset_underlying_survives(symbol: str) -> None:
    original = meta(facts=replace(meta().facts, underlying=PRESETS[symbol]))
    assert from_json(original.to_json()).facts.underlying == PRESETS[symbol]


def test_the_text_does_not_depend_on_the_order_of_counts() -> None:
    other = meta(measured=replace(meta().measured, counts={"gap": 1, "trade": 2}))
    assert other.to_json() == meta().to_json()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}", '{"schema"'])
def test_what_is_no_meta_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a day's meta\.json"):
        from_json(text)


def test_another_schema_is_named_with_ours() -> None:
    with pytest.raises(ValueError, match="version 99, this spymon reads version 1"):
        from_json(damaged({"schema": 99}))


def test_a_missing_field_is_named() -> None:
    fields = json.loads(meta().to_json())
    del fields["measured"]["starts"]
    with pytest.raises(ValueError, match="starts is missing"):
        from_json(json.dumps(fields))


@pytest.mark.parametrize(
    ("change", "room"),
    [
        ({"day": "2015-13-24"}, None),
        ({"symbol": 7}, None),
        ({"facts": None}, None),
        ({"state_hash": 5}, None),
        ({"other_hashes": {"first": "0f" * 8}}, None),
        ({"events": "many"}, "measured"),
        ({"starts": [None]}, "measured"),
        ({"gaps": [[1, 2, 3]]}, "measured"),
        ({"underlying": []}, "facts"),
        ({"notes": [1]}, "facts"),
    ],
)
def test_an_impossible_value_is_damage(change: dict[str, Any], room: str | None) -> None:
    with pytest.raises(ValueError, match="a value it cannot have"):
        from_json(damaged(change, room))
