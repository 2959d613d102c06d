"""Chain files: one moment of all options of an underlying, in the shapes people have them in."""

from .assembly import ChainFile
from .reader import read_chain, read_chain_text
from .settled import settled_notes

__all__ = ["ChainFile", "read_chain", "read_chain_text", "settled_notes"]
