"""What the simulated market gives."""

from __future__ import annotations

from ..provider import Capabilities, Feed

SIMULATED = Feed(
    name="simulated",
    label="simulated day",
    capabilities=Capabilities(
        prints=True,
        sides=False,
        quotes=True,
        greeks=True,
        open_interest=True,
        index_spot=True,
        delay_s=0.0,
        beat_s=1.0,
        redistributable=True,
    ),
)
