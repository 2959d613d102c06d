"""Arrays as bare pointers for compiled code.

numba counts references to an array whenever it is handed to a function, and checks each index for its sign.
A reader of text does both for every byte; a pointer costs neither, and made it more than twice as fast.
The array must outlive the pointer: take it from an argument, never from a local array.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _pointer(_typing: Any, array: Any) -> Any:
    """Type and generate `pointer`."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return cgutils.create_struct_proxy(array)(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), generate


pointer: Any = intrinsic(_pointer)
"""pointer(array): the place of the first item of a contiguous array; only in compiled code."""
