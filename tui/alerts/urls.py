"""Alerts by URL, through apprise: webhooks, Discord, Telegram, ntfy, e-mail and what else it knows.

Owns when apprise is loaded, and that no part of a URL that could be a secret is repeated in a sentence.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import unquote

from engine.model.errors import AlertError

from .message import Alert, plain


class UrlChannel:
    """A channel that sends to a URL of apprise's."""

    direct: ClassVar[bool] = False

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._url = url
        self._server: Any = None

    def prepare(self) -> None:
        """Load apprise and let it read the URL."""
        if self._server is not None:
            return
        try:
            import apprise
        except ImportError:
            raise AlertError(self.name, "apprise is not installed; pip install 'spymon[alerts]'") from None
        with _overheard() as said:
            server = apprise.Apprise.instantiate(self._url, suppress_exceptions=True)
        if server is None:
            raise AlertError(self.name, self._reason(said, "apprise does not understand its URL"))
        self._server = server

    def send(self, alert: Alert) -> None:
        """Hand it to the service."""
        self.prepare()
        with _overheard() as said:
            try:
                done = self._server.notify(title=alert.title, body=alert.body)
            except Exception as error:  # a plugin's code is not ours, and a channel must fail with a sentence
                said.append(f"{type(error).__name__}: {error}")
                done = False
        if not done:
            raise AlertError(self.name, self._reason(said, "the service did not take the message"))

    def _reason(self, said: list[str], otherwise: str) -> str:
        """Return the last thing apprise said, without any part of the URL that could be a secret."""
        text = plain(said[-1]).rstrip(" .") if said else otherwise
        for part in sorted(_parts(self._url), key=len, reverse=True):
            text = text.replace(part, "***")
        return text


def _parts(url: str) -> set[str]:
    rest = url.partition("://")[2]
    words = re.split(r"[/:@?&=#,\s]+", rest) + re.split(r"[/:@?&=#,\s]+", unquote(rest))
    return {word for word in words if len(word) >= 4}


class _LogCapture(logging.Handler):
    """Keeps what one thread logs."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a record of this thread."""
        if record.thread == self._thread:
            self.said.append(record.getMessage())


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """Yield a list that fills with what apprise logs meanwhile: it gives its reasons nowhere else."""
    logger, ear = logging.getLogger("apprise"), _LogCapture()
    logger.addHandler(ear)
    try:
        yield ear.said
    finally:
        logger.removeHandler(ear)
