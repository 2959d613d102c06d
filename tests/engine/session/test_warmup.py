from __future__ import annotations

import subprocess
import sys

_COLD = """
from engine.analytics import smile, zero_gamma, implied_vol
from engine.session.warmup import warm_up
from engine.feeds.massive.wire import scan
from engine.feeds.transport import ws_frames
from engine.views import scope

warm_up()
entered = (
    smile._local, zero_gamma._sides, implied_vol._implied_rows, scope._read,
    scan._scan, ws_frames._unwrap, ws_frames._plain_frames,
)
print([each.py_func.__name__ for each in entered if not each.signatures])
"""


def test_nothing_that_a_screen_needs_is_left_to_be_compiled_at_its_first_use() -> None:
    cold = subprocess.run([sys.executable, "-c", _COLD], capture_output=True, text=True, check=True)
    assert cold.stdout.strip() == "[]"
