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
    from .analytics.exposure_choice import Stance
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
    from .session.headless import Followed, Status, Summary, replay
    from .session.headless_live import follow
    from .session.monitor import Monitor, Quote, Trade
    from .session.symbol_day import DeckParams, LiveSource, Source
    from .session.user_rules import Rule, UserSignal
    from .session.user_rules.judge import kind_of
    from .store.days.store import DayStore
    from .tape.link import Lag, Link
    from .tape.live_tape import Intake, LiveTape
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
    from .views.view import (
        Chain,
        Counts,
        Detail,
        Fired,
        Flow,
        Gamma,
        Leg,
        Outcome,
        SignalLog,
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
    "session.headless": "Followed Status Summary replay",
    "session.headless_live": "follow",
    "fold.params": "PRESETS FoldParams SideParams SignalParams",
    "tape.live_tape": "Intake LiveTape",
    "session.monitor": "Monitor Quote Trade",
    "views.queries": (
        "Around AroundQuery Comparison FlowLines FlowQuery Heat HeatQuery Query Score ScoreQuery "
        "Scoreboard Smile SmileQuery Top TopQuery TopRow WhatIfQuery"
    ),
    "session.user_rules": "Rule UserSignal",
    "session.user_rules.judge": "kind_of",
    "session.symbol_day": "DeckParams LiveSource Source",
    "feeds.simulated": "SimulatedSource",
    "analytics.exposure_choice": "Stance",
    "store.days.store": "DayStore",
    "model.contracts": "Contract ContractTable",
    "tape.tape": "Tape TapeInfo",
    "tape.timeline": "Timeline",
    "tape.link": "Lag Link",
    "views.view": (
        "Chain Counts Detail Fired Flow Gamma Leg Outcome SignalLog SignalRow StrikeExposure View"
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
