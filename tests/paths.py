"""Where the project and the files shared with it are."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
DATA = SHARED / "data"
REFERENCE = ROOT / "tests" / "engine" / "reference"
