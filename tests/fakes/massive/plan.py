"""What a key may see, and how patient the provider is."""

from __future__ import annotations

from dataclasses import dataclass, field

KEY = "loopback-key"
ALL = frozenset({"T", "Q", "A", "AM", "FMV", "V"})


@dataclass(slots=True)
class Plan:
    """One account; a test may change it on the way.

    clusters       : those that the plan covers
    channels       : kinds of channels it covers
    refused        : single channels that it does not
    quotes         : most quoted contracts per connection
    connections    : at once to a cluster; a newer one takes the oldest one's place
    buffer_frames  : frames the server keeps for a client that does not read
    early_ping     : whether a ping precedes everything else
    rest_refused   : beginnings of REST paths that the plan lacks
    repeats_key    : whether what it says of a refusal repeats the key, as a careless provider would
    """

    key: str = KEY
    clusters: frozenset[str] = frozenset({"options", "stocks", "indices"})
    channels: frozenset[str] = ALL
    refused: frozenset[str] = frozenset()
    quotes: int = 1_000
    connections: int = 1
    buffer_frames: int = 4_096
    early_ping: bool = True
    rest_refused: tuple[str, ...] = field(default=())
    repeats_key: bool = False

    def refusal(self, text: str, key: str | None) -> str:
        """Return what is said of a refusal."""
        return f"{text}: {key}" if self.repeats_key else text

    def refuses(self, cluster: str, channel: str) -> bool:
        """Say whether a channel is not covered, or none at all."""
        kind, _, ticker = channel.partition(".")
        wild_quotes = cluster == "options" and kind in ("Q", "FMV") and ticker == "*"
        return channel in self.refused or kind not in self.channels or not ticker or wild_quotes
