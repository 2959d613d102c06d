"""The steps of a play: what the provider sends, and what goes wrong; each reaches all of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .messages import Message


@dataclass(frozen=True)
class Send:
    """Messages, to whoever subscribed; cut at random, or `per_frame` at a time."""

    messages: list[Message]
    cluster: str = "options"
    per_frame: int | None = None


@dataclass(frozen=True)
class Raw:
    """One frame as it stands, whether it makes sense or not."""

    text: str
    cluster: str = "options"


@dataclass(frozen=True)
class Frames:
    """Whole frames as they go over the wire, see `framed`; a thousand cost no more than one `Raw`."""

    data: bytes
    cluster: str = "options"


@dataclass(frozen=True)
class Say:
    """A status."""

    status: str
    message: str = ""
    cluster: str = "options"


@dataclass(frozen=True)
class Shut:
    """A close by the book."""

    code: int
    reason: str = ""
    cluster: str = "options"


@dataclass(frozen=True)
class HalfClose:
    """A close frame and then nothing: the connection stays up and nobody answers."""

    code: int = 1000
    cluster: str = "options"


@dataclass(frozen=True)
class Reset:
    """The connection is torn down (RST)."""

    cluster: str = "options"


@dataclass(frozen=True)
class Cut:
    """A frame that announces more than comes; then the connection ends."""

    messages: list[Message]
    cluster: str = "options"


@dataclass(frozen=True)
class Stall:
    """Nothing is sent any more until `Resume`; pings are still answered."""

    cluster: str = "options"


@dataclass(frozen=True)
class Resume:
    """What a stall held back is sent in one burst."""

    cluster: str = "options"


@dataclass(frozen=True)
class Freeze:
    """Half open: nothing is sent, nothing is read, pings stay unanswered."""

    cluster: str = "options"


@dataclass(frozen=True)
class Hang:
    """From now on newcomers are refused with HTTP 503, until `Hang(False)`."""

    on: bool = True
    cluster: str = "options"


Step: TypeAlias = Send | Raw | Frames | Say | Shut | HalfClose | Reset | Cut | Stall | Resume | Freeze | Hang
