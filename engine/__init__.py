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
        GoLive,
        JumpSignal,
        Pause,
        Seek,
        SelectBasis,
        SelectConvention,
        SelectExpiry,
        SelectScope,
        SelectSymbol,
        SetSpeed,
        Skip,
        Step,
        UseSource,
        WhatIf,
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
    from .headless import Followed, Status, Summary, replay
    from .headless_live import follow
    from .kernel.params import PRESETS, FoldParams, SideParams, SignalParams
    from .live import Intake, LiveTape
    from .monitor import Monitor, Quote, Trade
    from .panels import (
        Around,
        AroundQuery,
        Comparison,
        FlowLines,
        FlowQuery,
        Heat,
        HeatQuery,
        Query,
        Score,
        Scoreboard,
        ScoreQuery,
        Smile,
        SmileQuery,
        Top,
        TopQuery,
        TopRow,
        WhatIfQuery,
    )
    from .rules import Rule, UserSignal
    from .rules.judge import kind_of
    from .slot import DeckParams, LiveSource, Source
    from .sources.simulated import SimulatedSource
    from .stance import Stance
    from .store.day import DayStore
    from .symbols import Contract, ContractTable
    from .tape import Tape, TapeInfo
    from .timeline import Timeline
    from .view import (
        Chain,
        Counts,
        Detail,
        Fired,
        Flow,
        Gamma,
        Lag,
        Leg,
        Link,
        Outcome,
        SignalLog,
        SignalRow,
        StrikeExposure,
        View,
    )

_HOMES = {
    "commands": (
        "GoLive JumpSignal Pause Seek SelectBasis SelectConvention SelectExpiry SelectScope SelectSymbol "
        "SetSpeed Skip Step UseSource WhatIf"
    ),
    "errors": "ConfigError CredentialError NoDataError ProviderError SpymonError StoreError UsageError",
    "headless": "Followed Status Summary replay",
    "headless_live": "follow",
    "kernel.params": "PRESETS FoldParams SideParams SignalParams",
    "live": "Intake LiveTape",
    "monitor": "Monitor Quote Trade",
    "panels": (
        "Around AroundQuery Comparison FlowLines FlowQuery Heat HeatQuery Query Score ScoreQuery "
        "Scoreboard Smile SmileQuery Top TopQuery TopRow WhatIfQuery"
    ),
    "rules": "Rule UserSignal",
    "rules.judge": "kind_of",
    "slot": "DeckParams LiveSource Source",
    "sources.simulated": "SimulatedSource",
    "stance": "Stance",
    "store.day": "DayStore",
    "symbols": "Contract ContractTable",
    "tape": "Tape TapeInfo",
    "timeline": "Timeline",
    "view": (
        "Chain Counts Detail Fired Flow Gamma Lag Leg Link Outcome SignalLog SignalRow StrikeExposure View"
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "PRESETS",
    "Around",
    "AroundQuery",
    "Chain",
    "Comparison",
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
    "FlowLines",
    "FlowQuery",
    "FoldParams",
    "Followed",
    "Gamma",
    "GoLive",
    "Heat",
    "HeatQuery",
    "Intake",
    "JumpSignal",
    "Lag",
    "Leg",
    "Link",
    "LiveSource",
    "LiveTape",
    "Monitor",
    "NoDataError",
    "Outcome",
    "Pause",
    "ProviderError",
    "Query",
    "Quote",
    "Rule",
    "Score",
    "ScoreQuery",
    "Scoreboard",
    "Seek",
    "SelectBasis",
    "SelectConvention",
    "SelectExpiry",
    "SelectScope",
    "SelectSymbol",
    "SetSpeed",
    "SideParams",
    "SignalLog",
    "SignalParams",
    "SignalRow",
    "SimulatedSource",
    "Skip",
    "Smile",
    "SmileQuery",
    "Source",
    "SpymonError",
    "Stance",
    "Status",
    "Step",
    "StoreError",
    "StrikeExposure",
    "Summary",
    "Tape",
    "TapeInfo",
    "Timeline",
    "Top",
    "TopQuery",
    "TopRow",
    "Trade",
    "UsageError",
    "UseSource",
    "UserSignal",
    "View",
    "WhatIf",
    "WhatIfQuery",
    "follow",
    "kind_of",
    "replay",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{home}", __name__), name)
