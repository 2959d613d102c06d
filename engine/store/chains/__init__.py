"""Chain files: one moment of all options of an underlying, in the four shapes people have them in."""

from .assembly import ChainFile
from .reader import read_chain

__all__ = ["ChainFile", "read_chain"]
