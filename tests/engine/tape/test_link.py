"""The badge: an enumeration inside, the same words as ever wherever it is written."""

from __future__ import annotations

import json

import msgspec
import pytest

from engine.tape.link import Badge, Link


@pytest.mark.parametrize("badge", Badge)
def test_a_badge_is_written_as_its_word(badge: Badge) -> None:
    assert f"{badge:<9}|" == f"{badge.name:<9}|"
    assert json.dumps({"badge": badge}) == f'{{"badge": "{badge.name}"}}'


@pytest.mark.parametrize("badge", Badge)
def test_a_recorder_and_a_screen_of_other_versions_understand_each_others_badges(badge: Badge) -> None:
    words = msgspec.msgpack.encode({"badge": badge.name, "state": "connected"})
    link = msgspec.msgpack.decode(words, type=Link)
    assert link.badge is badge
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(link))["badge"] == badge.name
