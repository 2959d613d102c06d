"""How the engine is compiled; importing this loads the compiler and opens the folder of compiled code.

numba asks a list of locators where a function's compiled code is kept. Ours stands first and answers for the
engine's functions; everybody else's are kept where they were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import llvmlite
import numba
from numba.core import caching, config

from .folder import PACKAGE, code_root, digest_of, hold, say_uncached

_F = TypeVar("_F", bound=Callable[..., object])

_OURS = f"{__name__.partition('.')[0]}."


def _open_folder() -> Path | None:
    root = code_root()
    if root is None:
        return None
    try:
        return hold(root, digest_of(PACKAGE, (sys.version, numba.__version__, llvmlite.__version__)))
    except OSError:  # a disk that filled up just now, or an install without sources
        say_uncached()
        return None


FOLDER = _open_folder()
"""Where this process keeps compiled code; None when it is compiled at every start."""

JIT: dict[str, Any] = {"cache": FOLDER is not None, "nogil": True, "error_model": "numpy"}
"""How every compiled function is. No fastmath and no threads: the same tape gives the same state."""


def compiled(function: _F, inline: Literal["never", "always"] = "never") -> _F:
    """Compile a function and keep its type, for callers that are not compiled; inline 'always' or 'never'."""
    return cast(_F, numba.njit(**JIT, inline=inline)(function))


class CodeLocator:
    """Tells numba where one function of the engine is kept: in a folder of its module's name."""

    def __init__(self, function: Callable[..., object], file: str, folder: Path) -> None:
        self._py_file = file  # numba names it in its warnings
        self._line = function.__code__.co_firstlineno
        self._folder = folder / function.__module__

    @classmethod
    def from_function(cls, function: Callable[..., object], file: str) -> CodeLocator | None:
        """Return the locator of a function; None when it is none of the engine's."""
        if FOLDER is None or not function.__module__.startswith(_OURS):
            return None
        return cls(function, file, FOLDER)

    def ensure_cache_path(self) -> None:
        """Make the folder; OSError when that fails."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get_cache_path(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def get_source_stamp(self) -> str:
        """Return what differs for stale code: the digest of all sources, which is a folder's name."""
        return self._folder.parent.name

    def get_disambiguator(self) -> str:
        """Return what tells functions of one name apart."""
        return str(self._line)


def _put_first(locator: type[CodeLocator], numba_config: Any) -> None:
    numbas = ",".join(each.__name__ for each in caching.CacheImpl._locator_classes)
    others = numba_config.CACHE_LOCATOR_CLASSES or numbas
    numba_config.CACHE_LOCATOR_CLASSES = f"{locator.__module__}.{locator.__name__},{others}"


_put_first(CodeLocator, config)
