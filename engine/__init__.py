"""The engine of spymon: one tape, one fold, one view.

    import asyncio
    from datetime import date

    from engine import Monitor, SimulatedSource


    async def main() -> None:
        source = SimulatedSource(date(2025, 12, 16))
        async with Monitor([source], symbol="DIA", speed=float("inf")) as monitor:
            monitor.on_signal(lambda fired: print(fired.symbol, fired.row.rule, fired.row.reason))
            async for view in monitor.views():
                print(view.tape_ns, view.spot, view.gamma.zero_gamma, view.flow.net_delta)
            print(await monitor.stats())


    asyncio.run(main())

Names are loaded when they are first used, so importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .commands import (
        JumpSignal,
        Pause,
        Seek,
        SelectExpiry,
        SelectSymbol,
        SetSpeed,
        Skip,
        Step,
        UseSource,
    )
    from .errors import (
        ConfigError,
        CredentialError,
        NoDataError,
        ProviderError,
        SpymonError,
        StoreError,
        UsageError,
    )
    from .headless import Status, Summary, replay
    from .kernel.params import PRESETS, FoldParams, SideParams, SignalParams
    from .monitor import Monitor, Quote, Trade
    from .slot import DeckParams, Source
    from .sources.simulated import SimulatedSource
    from .store.day import DayStore
    from .symbols import Contract, ContractTable
    from .timeline import Tape, TapeInfo, Timeline
    from .view import Counts, Detail, Fired, Flow, Gamma, Leg, SignalRow, View

_HOMES = {
    "commands": "JumpSignal Pause Seek SelectExpiry SelectSymbol SetSpeed Skip Step UseSource",
    "slot": "DeckParams Source",
    "errors": "ConfigError CredentialError NoDataError ProviderError SpymonError StoreError UsageError",
    "headless": "Status Summary replay",
    "kernel.params": "PRESETS FoldParams SideParams SignalParams",
    "monitor": "Monitor Quote Trade",
    "sources.simulated": "SimulatedSource",
    "store.day": "DayStore",
    "symbols": "Contract ContractTable",
    "timeline": "Tape TapeInfo Timeline",
    "view": "Counts Detail Fired Flow Gamma Leg SignalRow View",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "PRESETS",
    "ConfigError",
    "Contract",
    "ContractTable",
    "Counts",
    "CredentialError",
    "DayStore",
    "DeckParams",
    "Detail",
    "Fired",
    "Flow",
    "FoldParams",
    "Gamma",
    "JumpSignal",
    "Leg",
    "Monitor",
    "NoDataError",
    "Pause",
    "ProviderError",
    "Quote",
    "Seek",
    "SelectExpiry",
    "SelectSymbol",
    "SetSpeed",
    "SideParams",
    "SignalParams",
    "SignalRow",
    "SimulatedSource",
    "Skip",
    "Source",
    "SpymonError",
    "Status",
    "Step",
    "StoreError",
    "Summary",
    "Tape",
    "TapeInfo",
    "Timeline",
    "Trade",
    "UsageError",
    "UseSource",
    "View",
    "replay",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{home}", __name__), name)
