"""Which feed a run has, by its settings and the providers of this build, and its live source.

Owns what the setting `auto` means, and which keys a sentence asks for. No feed is loaded before one is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.feeds.provider import DaySource, Provider, ProviderAccess, ProviderSecret, SourceRequest
from engine.feeds.registry import FEEDS, PROVIDERS, automatic_feed, provider_of
from engine.model.errors import CredentialError
from engine.model.underlyings import parse_custom, underlying
from tui.settings.config import Settings

if TYPE_CHECKING:
    from engine.tape.live_tape import Begin

AUTO = "auto"

LIVE = tuple(name for name, (provider, _) in FEEDS.items() if not provider.simulated)
"""The feeds of a real market."""

SIMULATED = next(name for name, (provider, _) in FEEDS.items() if provider.simulated)


def chosen_source(settings: Settings) -> str:
    """Return the feed that is meant, a name of `FEEDS`; CredentialError for one without its keys."""
    if settings.source == AUTO:
        return automatic_feed(settings.provider_secrets).name
    lacking = provider_of(settings.source).lacks(settings.provider_secrets)
    if lacking:
        what = "a key" if len(lacking) == 1 else f"{len(lacking)} keys"
        raise CredentialError(
            f"The source {settings.source} needs {what}; put {_variables(lacking, ' and ')} in .env or the "
            "environment."
        )
    return settings.source


def has_live_key(settings: Settings) -> bool:
    """Say whether `auto` finds a live market with the keys that are set."""
    return automatic_feed(settings.provider_secrets).name in LIVE


def live_keys() -> str:
    """Return the variables of the keys with which `auto` finds a live market, 'A or B'."""
    return _words([_variables(each.secrets, " and ") for each in PROVIDERS if each.automatic], " or ")


def backfill_provider(settings: Settings) -> Provider:
    """Return whom past days are fetched from: the chosen provider if it has them, else the first that has.

    Among several that have them, one whose keys are set.
    """
    able = [each for each in PROVIDERS if each.backfill is not None]
    if settings.source != AUTO and provider_of(settings.source) in able:
        return provider_of(settings.source)
    keyed = [each for each in able if not each.lacks(settings.provider_secrets)]
    return (keyed or able)[0]


def has_keys(provider: Provider, settings: Settings) -> bool:
    """Say whether all of a provider's keys are set."""
    return not provider.lacks(settings.provider_secrets)


def key_names(provider: Provider) -> str:
    """Return the variables of a provider's keys, 'A and B'."""
    return _variables(provider.secrets, " and ")


def access(settings: Settings) -> ProviderAccess:
    """Return what providers may know of the settings."""
    secrets = {name: secret.reveal() for name, secret in settings.provider_secrets.items()}
    return ProviderAccess(settings.provider_values, secrets)


def source_request(
    settings: Settings, feed: str, begin: Begin, now: Callable[[], int] = time.time_ns
) -> SourceRequest:
    """Return what a run wants of a feed."""
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    return SourceRequest(
        feed=feed,
        access=access(settings),
        underlyings=tuple(underlying(symbol, customs) for symbol in settings.symbol),
        begin=begin,
        expiry=settings.expiry,
        strikes=settings.strikes,
        poll_s=settings.poll_s,
        seed=settings.seed,
        now=now,
    )


def make_source(request: SourceRequest) -> DaySource:
    """Return the live source of a request; the keys must be there, see `chosen_source`."""
    return provider_of(request.feed).make_source(request)


def recording(data_dir: Path, now: Callable[[], int] = time.time_ns) -> Begin:
    """Return what opens a symbol's day so that it is recorded in a data folder while it is shown."""
    from engine.store.days.recording import open_recorded
    from engine.store.days.spool import FileSpool

    return partial(open_recorded, data_dir, now=now, spool=partial(FileSpool, data_dir / "journal"))


def _variables(secrets: Iterable[ProviderSecret], conjunction: str) -> str:
    return _words([each.variables[0] for each in secrets], conjunction)


def _words(words: list[str], conjunction: str) -> str:
    """Join words as a sentence lists them, 'A, B and C'."""
    *first, last = words
    return f"{', '.join(first)}{conjunction}{last}" if first else last
