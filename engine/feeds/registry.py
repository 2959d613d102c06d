"""The providers of this build: whoever names a source reads this. A new one is a folder and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from .massive.provider import PROVIDER as MASSIVE
from .provider import Feed, Provider
from .simulated.provider import PROVIDER as SIMULATED

PROVIDERS: tuple[Provider, ...] = (
    MASSIVE,
    SIMULATED,
)
"""In the order in which they are named, and in which `auto` tries them."""

FEEDS: Mapping[str, tuple[Provider, Feed]] = {
    feed.name: (provider, feed) for provider in PROVIDERS for feed in provider.feeds
}
"""Every name that a provider answers to."""


def provider_of(name: str) -> Provider:
    """Return the provider that answers to a name of `FEEDS`."""
    return FEEDS[name][0]


def automatic_feed(secrets: Mapping[str, object]) -> Feed:
    """Return what `auto` means with these secrets set: a market that is live, else the simulated one."""
    for provider in PROVIDERS:
        if provider.automatic and not provider.lacks(secrets):
            return provider.feeds[0]
    return next(provider.feeds[0] for provider in PROVIDERS if provider.simulated)
