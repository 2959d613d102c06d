"""Where a websocket connects to: an address that stays, or one that is looked up before each attempt."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from websockets.exceptions import InvalidURI
from websockets.uri import WebSocketURI, parse_uri

from ...model.errors import ConfigError, ProviderError

Address = Callable[[], Awaitable[str]]
"""Looks up where the next attempt goes. ProviderError: it is tried again; CredentialError: it is not."""


def uri_finder(address: str | Address) -> Callable[[], Awaitable[WebSocketURI]]:
    """Return what finds the parts of an address; ConfigError for a text that is none.

    ProviderError from what is returned when something else was looked up than an address.
    """
    if isinstance(address, str):
        return _fixed(address)
    look_up = address

    async def find() -> WebSocketURI:
        try:
            return parse_uri(await look_up())
        except InvalidURI as error:
            raise ProviderError("The provider names a websocket address that is none.") from error

    return find


def _fixed(url: str) -> Callable[[], Awaitable[WebSocketURI]]:
    try:
        uri = parse_uri(url)
    except InvalidURI as error:
        raise ConfigError(f"{url!r} is no websocket address, such as wss://host/options.") from error

    async def find() -> WebSocketURI:
        return uri

    return find
