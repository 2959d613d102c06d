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

`__init__.pyi` lists the names. Each is loaded when it is first used, so importing the package costs nothing.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module


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
    """Return each public name's module, from lines such as 'from .views.view import View as View'."""
    text = __loader__.get_data(f"{__path__[0]}/__init__.pyi").decode()  # whatever it was installed as
    listed = (line.split() for line in text.splitlines() if line.startswith("from "))
    return {name: home for _, home, _, name, *_ in listed}
