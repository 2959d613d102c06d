"""Past days over REST: fetched once, ticker by ticker, then made into days of the store."""

from .assembly import assemble, check_fetchable
from .contracts import BackfillRequest
from .day import Backfill, DayFetch, held
from .tickers import Asker, Progress

__all__ = [
    "Asker",
    "Backfill",
    "BackfillRequest",
    "DayFetch",
    "Progress",
    "assemble",
    "check_fetchable",
    "held",
]
