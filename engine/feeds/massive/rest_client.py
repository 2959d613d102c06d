"""Massive's REST interface at one host: asks, waits its turn, follows pages, tries again.

Owns the HTTP client. It sends the key nowhere but to the configured host: redirects are not followed, and of
`next_url` only path and query are.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ...model.errors import ProviderError
from ..transport.rate_limit import RateLimit
from ..transport.reasons import untrusted
from .wire.requests import Page, Request, TryLaterError, bare, headers, page

_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_LONGEST_RETRY_AFTER_S = 120.0
_TOO_MANY = 429

_Answer = TypeVar("_Answer")
_Read = Callable[[int, bytes, str], _Answer]


class RestClient:
    """A client of one host; an asynchronous context, for any number of tasks of one loop.

    base_url : scheme, host and port, `https://api.massive.com`
    seed     : of the waits between tries
    tries    : how often a request is sent before its BusyError is the caller's
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        limit: RateLimit,
        *,
        seed: int,
        tries: int = 5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._base, self._key, self._limit, self._tries = base_url.rstrip("/"), key, limit, tries
        self._host = urlsplit(base_url).hostname or base_url
        self._draw = random.Random(seed)
        self._clock, self._sleep = clock, sleep

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def page(self, request: Request) -> Page:
        """Return one answer's rows; CredentialError, NoDataError, BusyError or ProviderError without any."""
        return await self._ask(request, page)

    async def pages(self, request: Request) -> AsyncIterator[Page]:
        """Yield the answer's pages until the last one; errors as for `page`."""
        asked: Request | None = request
        while asked is not None:
            found = await self.page(asked)
            if found.next == asked:
                raise ProviderError("Massive's pages lead back to themselves; try again, and report it.")
            yield found
            asked = found.next

    async def bare(self, request: Request) -> bytes:
        """Return an answer that has no envelope; errors as for `page`."""
        return await self._ask(request, bare)

    async def _ask(self, request: Request, read: _Read[_Answer]) -> _Answer:
        for attempt in range(self._tries - 1):
            try:
                return await self._once(request, read)
            except TryLaterError as error:
                await self._sleep(self._pause_s(attempt, error))
        return await self._once(request, read)

    def _pause_s(self, attempt: int, error: TryLaterError) -> float:
        """Return how long to wait: anything up to a limit that doubles, and what the provider asked for."""
        if error.retry_after_s > _LONGEST_RETRY_AFTER_S:
            raise error
        longest = min(_FIRST_WAIT_S * 2**attempt, _LONGEST_WAIT_S)
        return max(self._draw.uniform(0, longest), error.retry_after_s)

    async def _once(self, request: Request, read: _Read[_Answer]) -> _Answer:
        wait_s = self._limit.take_turn(self._clock())
        if wait_s > 0:
            await self._sleep(wait_s)
        http_status, body, retry_after_s = await self._get(request)
        if http_status == _TOO_MANY:
            self._limit.note_refusal(self._clock())
        try:
            return read(http_status, body, self._key)
        except TryLaterError as error:
            error.retry_after_s = retry_after_s
            raise

    async def _get(self, request: Request) -> tuple[int, bytes, float]:
        """Return status, body and the seconds to wait that the provider names, 0 when it names none."""
        # The slash ends the host whatever stands in a path that the provider wrote.
        url = URL(f"{self._base}/{request.target.lstrip('/')}", encoded=True)
        try:
            async with self._session.get(url, headers=headers(self._key), allow_redirects=False) as answer:
                return answer.status, await answer.read(), _seconds(answer.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> ProviderError:
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return TryLaterError(f"The name {self._host} cannot be looked up; check the network connection.")
        refused = getattr(error, "certificate_error", None)
        if isinstance(refused, ssl.SSLCertVerificationError):
            return ProviderError(untrusted(self._host, refused))
        if isinstance(error, aiohttp.ClientSSLError):
            return ProviderError(f"The host {self._host} does not speak TLS; check the address.")
        if isinstance(error, TimeoutError):
            return TryLaterError(f"{self._host} does not answer; check the network connection.")
        if isinstance(error, aiohttp.ClientConnectorError):
            return TryLaterError(f"{self._host} cannot be reached; check the network connection.")
        if isinstance(error, aiohttp.InvalidURL):
            return ProviderError(f"{self._base!r} is no address; write it like 'https://api.massive.com'.")
        return TryLaterError(f"{self._host} broke off its answer; check the network connection.")


def _seconds(text: str) -> float:
    """Read a Retry-After in seconds; the other form, a date, says nothing here and counts as none."""
    return float(text) if text.isascii() and text.isdigit() else 0.0
