"""`python -m bench.recorder DATA TAPE`: record a tape batch by batch and print how many rows are safe.

A process to be killed. TAPE is what `prepare` has written; contracts are added when they are first used.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.model.contracts import parse_occ
from engine.model.events import Events
from engine.model.underlyings import underlying
from engine.store.journal.encoding import Recording
from engine.store.journal.writer import Journal

if TYPE_CHECKING:  # it would bring the compiler with it
    from engine.tape.tape import Tape

BATCH = 97
BATCHES_PER_SYNC = 8


def prepare(tape: Tape, events: Events, folder: Path) -> None:
    """Write what the process needs to know."""
    np.save(folder / "events.npy", events)
    told = {"day": tape.info.day.isoformat(), "symbol": tape.info.symbol, "tick": tape.info.tick}
    names = [contract.occ for contract in tape.contracts]
    (folder / "tape.json").write_text(json.dumps(told | {"contracts": names}), encoding="utf-8")


def main(data: Path, folder: Path) -> None:
    """Record until the tape ends."""
    events, told = np.load(folder / "events.npy"), json.loads((folder / "tape.json").read_text("utf-8"))
    contracts = [parse_occ(name) for name in told["contracts"]]
    recording = Recording(date.fromisoformat(told["day"]), underlying(told["symbol"]), "tape", told["tick"])
    journal, known = Journal(data, recording), 0
    print("ready", flush=True)
    for number, start in enumerate(range(0, len(events), BATCH), 1):
        batch = events[start : start + BATCH]
        needed = max(known, int(batch["cid"].max()))
        journal.add_contracts(contracts[known:needed])
        known = needed
        journal.append(batch, int(batch["ts"][-1]), "bench")
        if number % BATCHES_PER_SYNC == 0:
            print(journal.sync(), flush=True)
    print(journal.close(), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
