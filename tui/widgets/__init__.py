"""The screen's widgets, one per file: each is shown a `View` and repaints the lines that changed."""

from __future__ import annotations

from .detail import ContractDetail
from .flow_lines import FlowChart
from .footer import HintFooter
from .header import StatusHeader
from .heat_map import HeatMap
from .ladder import Ladder
from .log import SignalLog
from .note import NoteLine
from .ranking import Rankings
from .smile import SmileChart
from .transport import TransportBar

__all__ = [
    "ContractDetail", "FlowChart", "HeatMap", "HintFooter", "Ladder", "NoteLine", "Rankings", "SignalLog",
    "SmileChart", "StatusHeader", "TransportBar",
]  # fmt: skip
