"""Waiting for an event loop, not for a time."""

from __future__ import annotations

import asyncio


async def at_rest() -> None:
    """Wait until every task of this loop waits for a time, a file or another thread."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0)
        if not loop._ready:
            return
