"""The screen's widgets, one per file: each is shown a `View` and repaints the lines that changed."""

from __future__ import annotations

from .detail import ContractDetail
from .footer import HintFooter
from .header import StatusHeader
from .ladder import Ladder
from .log import SignalLog
from .note import NoteLine
from .transport import TransportBar

__all__ = ["ContractDetail", "HintFooter", "Ladder", "NoteLine", "SignalLog", "StatusHeader", "TransportBar"]
