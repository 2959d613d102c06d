"""What happens when the screen itself fails: the app leaves, and the command line has the last word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.model.errors import CredentialError
from engine.views.view import Detail, View
from tests.fakes.pilot import driving
from tui.screen.app import SpymonApp


class EmptyMonitor:
    """Starts, and has nothing to show."""

    view: View | None = None
    sources: tuple[tuple[str, str], ...] = ()
    failure: str | None = None
    refusal: CredentialError | None = None

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def send(self, command: object) -> None: ...

    async def detail(self, cid: int) -> Detail:
        raise NotImplementedError

    async def ask(self, query: object) -> Any:
        raise NotImplementedError


def broken() -> None:
    raise ZeroDivisionError("nobody expected this")


async def broken_work() -> None:
    broken()


def in_a_callback(app: SpymonApp) -> None:
    app.call_later(broken)


def in_a_worker(app: SpymonApp) -> None:
    app.run_worker(broken_work())


@pytest.mark.parametrize("fail", [in_a_callback, in_a_worker])
async def test_the_app_leaves_with_the_error_and_prints_nothing_itself(
    fail: Callable[[SpymonApp], None], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    app = SpymonApp(EmptyMonitor(), screenshots=tmp_path, settle=lambda: None)

    async def run() -> None:
        async with driving(app) as pilot:
            fail(app)
            await pilot.pause()

    with pytest.raises(Exception, match="nobody expected this"):  # the pilot raises it once more
        await run()
    assert isinstance(app.error, ZeroDivisionError)
    assert app.return_code == 1
    assert capfd.readouterr() == ("", "")
