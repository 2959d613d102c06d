"""What Massive gives under each of its names."""

from __future__ import annotations

from dataclasses import replace

from ..provider import Capabilities, Feed

LABEL = "Massive"

STREAMED = Feed(
    name="massive",
    label="live from Massive",
    capabilities=Capabilities(
        prints=True,
        sides=False,
        quotes=True,
        greeks=True,
        open_interest=True,
        index_spot=True,
        delay_s=None,
        beat_s=1.5,  # with the time between two looks a silence shows within 2 s
        redistributable=False,
    ),
)
POLLED = Feed(
    name="massive-rest",
    label="polled from Massive",
    capabilities=replace(STREAMED.capabilities, prints=False, beat_s=5.0),
    switch="USE_REST",
)
