"""What a wire machine tells its owner besides events: frozen facts, in the order they came to light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ....model.contracts import Contract


@dataclass(frozen=True, slots=True)
class StatusNotice:
    """The provider sent a status; `state` is the machine's state after it."""

    status: str
    message: str
    state: str


@dataclass(frozen=True, slots=True)
class RefusedChannels:
    """Channels that were asked for and not granted, sorted."""

    channels: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class UnansweredChannels:
    """Channels that were asked for twice without an answer; they count as held from now on, sorted."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewContract:
    """A contract of a followed underlying was met for the first time and numbered."""

    symbol: str
    cid: int
    contract: Contract


Notice: TypeAlias = StatusNotice | RefusedChannels | UnansweredChannels | NewContract
