"""Every view that can stand where the grid stands, in one table.

A view is one widget (`StageWidget`), a query in `engine.views.queries` with its `case` in
`engine.session.answers`, and one line here: its key, its hints, its row in help, palette and reference, and
that it is asked for while it is shown all follow from this line.
"""

from __future__ import annotations

from ..grid.ladder import Ladder
from ..key import Key
from .flow_lines import FlowChart
from .heat_map import HeatMap
from .ranking import Rankings
from .smile import SmileChart
from .stage import Stage

STAGES = (
    Stage("grid", "grid", Ladder),
    Stage(
        "heat",
        "heat map",
        HeatMap,
        key="h",
        hint="heat",
        help="heat map by minute; there ←→ move in time, enter goes there",
        hints={
            "row.choose": "go there",
            "seek.on": "time",
            "view.metric": "metric",
            "view.mark": "since",
            "view.profile": "",
        },
        keys=(
            Key(
                "view.mark",
                "b",
                "view",
                "heat map: what changed since its cursor's time, or all",
                action="view.own('mark')",
            ),
        ),
    ),
    Stage(
        "smile",
        "smile",
        SmileChart,
        key="i",
        hint="smile",
        help="smile: volatility by strike, with its error",
        hints={"view.profile": "", "view.convention": ""},
    ),
    Stage(
        "flow",
        "flow lines",
        FlowChart,
        key="l",
        hint="flow",
        help="flow lines: premium, delta, gamma, hedging over time",
        hints={
            "view.metric": "lines",
            "row.choose": "",
            "row.down": "",
            "view.profile": "",
            "view.convention": "",
        },
    ),
    Stage(
        "rankings",
        "rankings",
        Rankings,
        key="r",
        hint="top",
        help="rankings: strikes by OI, volume, put/call; v: contracts",
        hints={
            "row.choose": "to strike",
            "view.metric": "table",
            "view.profile": "contracts",
            "view.convention": "",
        },
    ),
)
"""All views, in the order of their keys; the first is shown at the start, and `escape` leads back to it."""
