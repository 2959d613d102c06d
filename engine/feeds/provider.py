"""What is known of a data provider before anything of it is loaded: one record each, in its own folder.

Owns the record, what a run hands to a provider, and what it gets back. `registry` lists the providers of this
build; everything that names a source (flags, settings, sentences, lists) reads that. A record loads its feed
only when one is made, so that a screen is painted before.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ..tape.source import LiveSource

if TYPE_CHECKING:
    from ..model.calendar import Expiry
    from ..model.underlyings import Underlying
    from ..store.cache.historical import Historical
    from ..tape.live_tape import Begin
    from .backfill.day_fetch import BackfillRequest, DayFetch, FetchProgress


class Proof(StrEnum):
    """How far a provider is proven."""

    SIMULATED = "simulated"
    FAKE = "tested against a fake"
    LIVE = "certified live"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a feed can give.

    prints          : each trade by itself; without them a trade is a difference of day volumes
    sides           : who crossed the spread in a trade
    quotes, greeks, open_interest : of contracts
    index_spot      : the level of an index itself
    delay_s         : how far behind the market it is, s; None where the plan decides
    beat_s          : how often it speaks when all is well, s: a longer silence in market hours is told
    redistributable : whether what it sends may be served on to others
    """

    prints: bool
    sides: bool
    quotes: bool
    greeks: bool
    open_interest: bool
    index_spot: bool
    delay_s: float | None
    beat_s: float
    redistributable: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """One of the names that a provider answers to, and what is behind it.

    name   : what `--source` and the source setting call it
    label  : what a list of sources calls it, 'live from Massive'
    switch : a variable that chooses it by being true, '' for none
    """

    name: str
    label: str
    capabilities: Capabilities
    switch: str = ""


@dataclass(frozen=True, slots=True)
class ProviderSetting:
    """A setting that a provider needs.

    default : as a person would write it
    parse   : reads what a person wrote; ValueError for what it cannot be
    rule    : completes the sentence "X is not …"
    former  : names it had before, which are still read from the environment
    """

    name: str
    default: str
    parse: Callable[[str], Any]
    rule: str
    help: str
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderSecret:
    """A key that a provider needs; `variables` hold it, the first that is set wins."""

    name: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """A provider's settings and secrets by name; a secret that is not set is not there."""

    values: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a run wants of a feed, in plain values.

    feed        : its name
    begin       : opens the tape writer of a symbol's day
    expiry      : '0dte', one expiration, or how many of the nearest
    strikes     : each side of at-the-money
    poll_s      : between two polls of whatever is polled, s
    seed        : of everything that is drawn: waits, or a simulated day
    day, speed  : of a simulated day alone, tape seconds per second; another feed's is the session's
    now         : ns UTC
    """

    feed: str
    access: ProviderAccess
    underlyings: tuple[Underlying, ...]
    begin: Begin
    expiry: Expiry = 3
    strikes: int = 25
    poll_s: float = 5.0
    seed: int = 0
    day: date | None = None
    speed: float = 1.0
    now: Callable[[], int] = time.time_ns


@runtime_checkable
class DaySource(LiveSource, Protocol):
    """The live source of one session's day; `day` is None for one that no other follows."""

    @property
    def day(self) -> date | None: ...


class Backfiller(Protocol):
    """Fetches past days of one provider into the cache of a data folder."""

    def held(self, wanted: BackfillRequest) -> DayFetch:
        """Return what earlier runs fetched of a day, without asking for anything; needs no key."""
        ...

    async def fetch(self, wanted: BackfillRequest, tell: Callable[[FetchProgress], None]) -> DayFetch:
        """Fetch what is missing of a day; whatever ends it, the next call goes on from there.

        tell : hears of every page
        Raises NoDataError when there is nothing to be had, CredentialError for a refused key, ProviderError
        when what comes first cannot be had, StoreError when the cache cannot be written.
        """
        ...


class MakeBackfiller(Protocol):
    """Prepares to fetch past days."""

    def __call__(
        self, access: ProviderAccess, cache: Historical, now: Callable[[], int], say: Callable[[str], object]
    ) -> Backfiller:
        """Return what fetches; `now` in ns UTC, `say` hears sentences for the person."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider.

    label       : what a sentence calls it, 'Massive'
    feeds       : under each of its names, the usual one first
    automatic   : whether `auto` may choose it once its secrets are set
    make_source : gives the live source of the day that is on or comes next
    backfill    : prepares to fetch past days; None when it has none
    chain       : asks for a symbol's chain as it stands now, from an expiration on; gives the text of a chain
                  file, as `engine.store.chains` reads it, '' without any; None when it cannot be asked
    probe       : asks the provider what the secrets grant, a sentence each; None when it cannot be asked
    warm_up     : compiles what its feed would compile at its first message; None for nothing
    """

    label: str
    feeds: tuple[Feed, ...]
    proof: Proof
    make_source: Callable[[SourceRequest], DaySource]
    settings: tuple[ProviderSetting, ...] = ()
    secrets: tuple[ProviderSecret, ...] = ()
    automatic: bool = False
    backfill: MakeBackfiller | None = None
    chain: Callable[[ProviderAccess, str, date], Coroutine[Any, Any, str]] | None = None
    probe: Callable[[ProviderAccess], Awaitable[tuple[str, ...]]] | None = None
    warm_up: Callable[[], None] | None = None

    @property
    def simulated(self) -> bool:
        """Say whether its market is made up."""
        return self.proof is Proof.SIMULATED

    def lacks(self, secrets: Mapping[str, object]) -> tuple[ProviderSecret, ...]:
        """Return the secrets that are needed and not among those that are set."""
        return tuple(each for each in self.secrets if each.name not in secrets)
