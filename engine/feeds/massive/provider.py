"""Massive, formerly Polygon.io: what is known of it before anything of it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from ...model.readers import address, whole
from ..provider import (
    Backfiller,
    DaySource,
    Proof,
    Provider,
    ProviderAccess,
    ProviderSecret,
    ProviderSetting,
    SourceRequest,
)
from .capabilities import LABEL, POLLED, STREAMED

if TYPE_CHECKING:
    from ...store.cache.historical import Historical

_WS_URL = ProviderSetting(
    "massive_ws_url",
    "wss://socket.massive.com",
    address("wss", "ws"),
    "an address such as wss://socket.massive.com",
    "Massive's live feed",
    former=("polygon_ws_url",),
)
_REST_URL = ProviderSetting(
    "massive_rest_url",
    "https://api.massive.com",
    address("https", "http"),
    "an address such as https://api.massive.com",
    "Massive's REST interface",
    former=("polygon_rest_url",),
)
_CONNECTIONS = ProviderSetting(
    "massive_connections",
    "1",
    whole(1, 10),
    "a whole number from 1 to 10",
    "connections the plan allows, 1000 quoted contracts each",
)
_KEY = ProviderSecret("massive_api_key", ("MASSIVE_API_KEY", "POLYGON_API_KEY"))


def make_source(request: SourceRequest) -> DaySource:
    """Return the live day; the key must be there."""
    from .rest_client import RestClient
    from .rest_limits import rest_limit
    from .rest_poller import PollIntervals
    from .sockets import Access
    from .source import MassiveSource
    from .watched_contracts import ContractReach

    values, key = request.access.values, request.access.secrets[_KEY.name]
    connections = values[_CONNECTIONS.name] if request.feed == STREAMED.name else 0
    return MassiveSource(
        request.underlyings,
        Access(key, values[_WS_URL.name], connections),
        RestClient(values[_REST_URL.name], key, rest_limit(), seed=request.seed),
        request.begin,
        seed=request.seed,
        reach=ContractReach(request.expiry, request.strikes),
        intervals=PollIntervals(poll=request.poll_s),
        now=request.now,
    )


def make_backfiller(
    access: ProviderAccess, cache: Historical, now: Callable[[], int], say: Callable[[str], object]
) -> Backfiller:
    """Return what fetches past days; without a key it tells what was fetched earlier."""
    from .backfill.backfiller import MassiveBackfiller

    return MassiveBackfiller(
        access.values[_REST_URL.name], access.secrets.get(_KEY.name, ""), cache, now, say
    )


async def chain(access: ProviderAccess, symbol: str, first: date) -> str:
    """Return every page of a symbol's chain as it stands now, one behind the other."""
    from .chain_snapshot import fetch_chain
    from .rest_client import RestClient
    from .rest_limits import rest_limit

    url, key = access.values[_REST_URL.name], access.secrets[_KEY.name]
    async with RestClient(url, key, rest_limit(), seed=0) as rest:
        pages = await fetch_chain(rest, symbol, first, date.max)
    return "\n".join(f'{{"results":{page.rows.decode()}}}' for page in pages if page.rows != b"[]")


def warm_up() -> None:
    """Compile the reader of frames."""
    from .warm_up import read_messages

    read_messages()


PROVIDER = Provider(
    label=LABEL,
    feeds=(STREAMED, POLLED),
    proof=Proof.FAKE,
    make_source=make_source,
    settings=(_WS_URL, _REST_URL, _CONNECTIONS),
    secrets=(_KEY,),
    automatic=True,
    backfill=make_backfiller,
    chain=chain,
    warm_up=warm_up,
)
