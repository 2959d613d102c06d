"""Work beside the screen's own: begun by a widget, ended with it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker


def in_background(node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str) -> None:
    """Run `work` until it is done or the node is gone.

    It is called when it is its turn and not before: an app that ends meanwhile leaves no coroutine behind.
    """
    _: Worker[None] = node.run_worker(work, group=group)
