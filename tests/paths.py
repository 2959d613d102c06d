"""Where the project and the files shared with it are."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
DATA = SHARED / "data"
FOLD_1 = ROOT / "tests" / "engine" / "store" / "fold_1"
"""A day and a recording as they were written before there were fold versions."""
REFERENCE = ROOT / "tests" / "engine" / "reference"
