"""`python -m bench [--quick] [SECTION …]`: measure and print one table.

Owns the list of sections. With --quick every section runs on tiny sizes, to see that it still runs; its
figures mean nothing then, and only what holds at any size is judged.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module

from .sizes import FULL, QUICK, Sizes
from .table import Row, heading, line, section, unjudged

SECTIONS: Mapping[str, str] = {
    "fold": "events per second through the fold",
    "replay": "a whole day without a screen",
    "seek": "going to a random moment",
    "frames": "the cost of a frame, early and late",
    "exposures": "the gamma desk: exposures, flips, smile, rankings",
    "screen": "a real terminal: first paint, keys, processor, bytes",
    "memory": "the most memory a replay of all symbols takes",
    "sources": "drawing and importing days",
    "journal": "recording, and recovery",
    "kills": "recorders killed at random moments, and what they left",
    "attach": "a screen onto a recorder over its unix socket",
    "real": "the simulated day beside real ones",
    "study": "scoring a day, and running it again with other thresholds",
    "wire": "a provider's websocket to folded state, beside its official client",
    "sustained": "a hundred thousand events per second from a provider's websocket, and its reconnects",
    "live": "the whole live screen under a hundred thousand events per second, and ten times that at once",
    "rest": "a provider's REST pages to records",
    "backfill": "a past day over REST to Parquet and into the store",
    "truth": "trade sides and signals against the ground truth",
}
"""Module of this package by name, and what its rows are about."""


def main() -> int:
    """Run the chosen sections and return 1 when a target is missed."""
    args = _arguments()
    sizes = QUICK if args.quick else FULL
    print(heading())
    missed = sum(_run(name, sizes, args.quick) for name in args.sections or SECTIONS)
    print(section(f"{missed} missed" if missed else "none missed"))
    return 1 if missed else 0


def _run(name: str, sizes: Sizes, quick: bool) -> int:
    """Print one section and return how many targets it missed."""
    rows: Callable[[Sizes], Iterator[Row]] = import_module(f".{name}", __package__).rows
    print(section(f"{name}: {SECTIONS[name]}"), flush=True)
    began = time.perf_counter()
    missed = 0
    for row in rows(sizes):
        judged = unjudged(row) if quick else row
        print(line(judged), flush=True)
        missed += judged.met is False
    print(f"  ({name} took {time.perf_counter() - began:.0f} s)", file=sys.stderr, flush=True)
    return missed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    args = parser.parse_args()
    unknown = [name for name in args.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"there is no section {unknown[0]}; choose from {', '.join(SECTIONS)}")
    return args


if __name__ == "__main__":
    sys.exit(main())
