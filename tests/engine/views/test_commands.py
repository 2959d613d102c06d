from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import date
from math import inf
from typing import get_args

import pytest

from engine.views.commands import (
    Command,
    GoLive,
    JumpSignal,
    Pause,
    Seek,
    SelectBasis,
    SelectConvention,
    SelectExpiry,
    SelectScope,
    SelectSymbol,
    SetSpeed,
    Skip,
    Step,
    UseSource,
    WhatIf,
)

EXAMPLES: tuple[Command, ...] = (
    Seek(1),
    Skip(-5),
    Step(1),
    JumpSignal(-1),
    SetSpeed(inf),
    Pause(),
    SelectSymbol("SPY"),
    SelectExpiry(date(2025, 12, 16)),
    SelectConvention("flow"),
    SelectBasis("volume"),
    SelectScope("all"),
    UseSource("simulated"),
    GoLive(),
    WhatIf(("volume_spike.z=5",)),
)


def test_there_is_an_example_of_every_command() -> None:
    assert {type(command) for command in EXAMPLES} == set(get_args(Command))


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
def test_a_command_is_a_value(command: Command) -> None:
    assert is_dataclass(command)
    same = type(command)(*(getattr(command, field.name) for field in fields(command)))
    assert (same == command, hash(same) == hash(command), same is command) == (True, True, False)


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda command: type(command).__name__)
def test_a_command_that_was_sent_cannot_be_changed(command: Command) -> None:
    for field in fields(command):
        with pytest.raises(FrozenInstanceError):
            setattr(command, field.name, 0)


def test_commands_of_unlike_kind_are_never_equal() -> None:
    assert Skip(1) != Step(1)


def test_a_pause_without_a_word_turns_one_into_the_other() -> None:
    assert Pause().paused is None
