"""A live source on a thread and an event loop of its own.

Owns that thread's life. What paints or folds may be held up, by a terminal that nobody reads for instance:
a provider that is not read from hangs up.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from ..tape.source import LiveSource


class SourceThread:
    """A live source that runs from now on, until its days are over, it gives up or it is told to end.

    notify : is called from the feed's thread
    done   : resolved when it has ended, with what the source raised
    """

    def __init__(self, source: LiveSource, notify: Callable[[], None]) -> None:
        self.done: Future[None] = Future()
        self.done.set_running_or_notify_cancel()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(source.run(notify))
        threading.Thread(target=self._run, name=f"feed {source.name}", daemon=True).start()

    def end(self) -> None:
        """Ask the source to end; what it still does is done before `done` is resolved."""
        with suppress(RuntimeError):  # it has ended by itself, and its loop is closed
            self._loop.call_soon_threadsafe(self._task.cancel)

    def _run(self) -> None:
        failure: Exception | None = None
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as error:
            failure = error
        finally:
            self._loop.close()
            if failure is None:
                self.done.set_result(None)
            else:
                self.done.set_exception(failure)
