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

Names are listed once, below. Each is loaded when it is first used, so importing the package costs nothing.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .analytics.exposure_choice import ExposureChoice as ExposureChoice
    from .analytics.key_levels import Levels as Levels
    from .analytics.key_levels import measure as measure
    from .analytics.option_chain import OptionChain as OptionChain
    from .analytics.option_chain import alive as alive
    from .analytics.terms import Terms as Terms
    from .feeds.simulated import SimulatedSource as SimulatedSource
    from .fold.params import PRESETS as PRESETS
    from .fold.params import FoldParams as FoldParams
    from .fold.params import SideParams as SideParams
    from .fold.params import SignalParams as SignalParams
    from .model.contracts import Contract as Contract
    from .model.contracts import ContractTable as ContractTable
    from .model.errors import ConfigError as ConfigError
    from .model.errors import CredentialError as CredentialError
    from .model.errors import NoDataError as NoDataError
    from .model.errors import ProviderError as ProviderError
    from .model.errors import SpymonError as SpymonError
    from .model.errors import StoreError as StoreError
    from .model.errors import UsageError as UsageError
    from .model.underlyings import Underlying as Underlying
    from .model.underlyings import parse_custom as parse_custom
    from .session.handlers import Quote as Quote
    from .session.handlers import Trade as Trade
    from .session.headless import HorizonOutcome as HorizonOutcome
    from .session.headless import Status as Status
    from .session.headless import Summary as Summary
    from .session.headless import replay as replay
    from .session.headless_live import follow as follow
    from .session.monitor import Monitor as Monitor
    from .session.symbol_day import PlayerParams as PlayerParams
    from .session.user_rules import Rule as Rule
    from .session.user_rules import UserSignal as UserSignal
    from .session.user_rules.judge import kind_of as kind_of
    from .store.chains import ChainFile as ChainFile
    from .store.chains import read_chain as read_chain
    from .store.days.store import DayStore as DayStore
    from .tape.link import Badge as Badge
    from .tape.link import Lag as Lag
    from .tape.link import Link as Link
    from .tape.live_tape import LiveTape as LiveTape
    from .tape.live_tape import TapeWriter as TapeWriter
    from .tape.source import LiveSource as LiveSource
    from .tape.source import Source as Source
    from .tape.tape import Tape as Tape
    from .tape.tape import TapeInfo as TapeInfo
    from .tape.timeline import Timeline as Timeline
    from .views.commands import GoLive as GoLive
    from .views.commands import JumpSignal as JumpSignal
    from .views.commands import Pause as Pause
    from .views.commands import Seek as Seek
    from .views.commands import SelectBasis as SelectBasis
    from .views.commands import SelectConvention as SelectConvention
    from .views.commands import SelectExpiry as SelectExpiry
    from .views.commands import SelectScope as SelectScope
    from .views.commands import SelectSymbol as SelectSymbol
    from .views.commands import SetSpeed as SetSpeed
    from .views.commands import Skip as Skip
    from .views.commands import Step as Step
    from .views.commands import UseSource as UseSource
    from .views.commands import WhatIf as WhatIf
    from .views.levels import levels_of as levels_of
    from .views.queries import FlowLines as FlowLines
    from .views.queries import FlowQuery as FlowQuery
    from .views.queries import Heat as Heat
    from .views.queries import HeatQuery as HeatQuery
    from .views.queries import PastProfile as PastProfile
    from .views.queries import PastProfileQuery as PastProfileQuery
    from .views.queries import Query as Query
    from .views.queries import Score as Score
    from .views.queries import Scoreboard as Scoreboard
    from .views.queries import ScoreQuery as ScoreQuery
    from .views.queries import SignalTape as SignalTape
    from .views.queries import SignalTapeQuery as SignalTapeQuery
    from .views.queries import Smile as Smile
    from .views.queries import SmileQuery as SmileQuery
    from .views.queries import Top as Top
    from .views.queries import TopQuery as TopQuery
    from .views.queries import TopRow as TopRow
    from .views.queries import WhatIfComparison as WhatIfComparison
    from .views.queries import WhatIfQuery as WhatIfQuery
    from .views.view import ChainStats as ChainStats
    from .views.view import Counts as Counts
    from .views.view import Detail as Detail
    from .views.view import FiredSignal as FiredSignal
    from .views.view import Flow as Flow
    from .views.view import Gamma as Gamma
    from .views.view import Leg as Leg
    from .views.view import Outcome as Outcome
    from .views.view import SignalHistory as SignalHistory
    from .views.view import SignalRow as SignalRow
    from .views.view import StrikeExposure as StrikeExposure
    from .views.view import View as View
else:

    def __getattr__(name: str) -> object:
        if name == "__all__":
            return sorted(_homes())
        home = _homes().get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(home, __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_homes()})


@cache
def _homes() -> dict[str, str]:
    """Return each public name's module, from the lines above that type checkers read."""
    with open(__file__, encoding="utf-8") as source:
        listed = [line.split() for line in source if line.startswith("    from .")]
    return {name: home for _, home, _, name, *_ in listed}
