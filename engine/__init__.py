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
    from .analytics.exposure_choice import ExposureChoice
    from .feeds.simulated import SimulatedSource
    from .fold.params import PRESETS, FoldParams, SideParams, SignalParams
    from .model.contracts import Contract, ContractTable
    from .model.errors import (
        ConfigError,
        CredentialError,
        NoDataError,
        ProviderError,
        SpymonError,
        StoreError,
        UsageError,
    )
    from .session.headless import HorizonOutcome, Status, Summary, replay
    from .session.headless_live import follow
    from .session.monitor import Monitor, Quote, Trade
    from .session.source import LiveSource, Source
    from .session.symbol_day import PlayerParams
    from .session.user_rules import Rule, UserSignal
    from .session.user_rules.judge import kind_of
    from .store.days.store import DayStore
    from .tape.link import Lag, Link
    from .tape.live_tape import LiveTape, TapeWriter
    from .tape.tape import Tape, TapeInfo
    from .tape.timeline import Timeline
    from .views.commands import (
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
    from .views.queries import (
        FlowLines,
        FlowQuery,
        Heat,
        HeatQuery,
        Query,
        Score,
        Scoreboard,
        ScoreQuery,
        SignalTape,
        SignalTapeQuery,
        Smile,
        SmileQuery,
        Top,
        TopQuery,
        TopRow,
        WhatIfComparison,
        WhatIfQuery,
    )
    from .views.view import (
        ChainStats,
        Counts,
        Detail,
        FiredSignal,
        Flow,
        Gamma,
        Leg,
        Outcome,
        SignalHistory,
        SignalRow,
        StrikeExposure,
        View,
    )

_HOMES = {
    "views.commands": (
        "GoLive JumpSignal Pause Seek SelectBasis SelectConvention SelectExpiry SelectScope SelectSymbol "
        "SetSpeed Skip Step UseSource WhatIf"
    ),
    "model.errors": "ConfigError CredentialError NoDataError ProviderError SpymonError StoreError UsageError",
    "session.headless": "HorizonOutcome Status Summary replay",
    "session.headless_live": "follow",
    "fold.params": "PRESETS FoldParams SideParams SignalParams",
    "tape.live_tape": "TapeWriter LiveTape",
    "session.monitor": "Monitor Quote Trade",
    "views.queries": (
        "FlowLines FlowQuery Heat HeatQuery Query Score ScoreQuery Scoreboard SignalTape SignalTapeQuery "
        "Smile SmileQuery Top TopQuery TopRow WhatIfComparison WhatIfQuery"
    ),
    "session.user_rules": "Rule UserSignal",
    "session.user_rules.judge": "kind_of",
    "session.source": "LiveSource Source",
    "session.symbol_day": "PlayerParams",
    "feeds.simulated": "SimulatedSource",
    "analytics.exposure_choice": "ExposureChoice",
    "store.days.store": "DayStore",
    "model.contracts": "Contract ContractTable",
    "tape.tape": "Tape TapeInfo",
    "tape.timeline": "Timeline",
    "tape.link": "Lag Link",
    "views.view": (
        "ChainStats Counts Detail FiredSignal Flow Gamma Leg Outcome SignalHistory SignalRow StrikeExposure "
        "View"
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "PRESETS",
    "ChainStats",
    "ConfigError",
    "Contract",
    "ContractTable",
    "Counts",
    "CredentialError",
    "DayStore",
    "Detail",
    "ExposureChoice",
    "FiredSignal",
    "Flow",
    "FlowLines",
    "FlowQuery",
    "FoldParams",
    "Gamma",
    "GoLive",
    "Heat",
    "HeatQuery",
    "HorizonOutcome",
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
    "PlayerParams",
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
    "SignalHistory",
    "SignalParams",
    "SignalRow",
    "SignalTape",
    "SignalTapeQuery",
    "SimulatedSource",
    "Skip",
    "Smile",
    "SmileQuery",
    "Source",
    "SpymonError",
    "Status",
    "Step",
    "StoreError",
    "StrikeExposure",
    "Summary",
    "Tape",
    "TapeInfo",
    "TapeWriter",
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
    "WhatIfComparison",
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
