"""Past days over REST: fetched once, ticker by ticker, then made into days of the store."""

from .assembly import assemble, check_fetchable
from .contracts import Wanted
from .day import Backfill, Fetched, held
from .tickers import Asker, Progress

__all__ = ["Asker", "Backfill", "Fetched", "Progress", "Wanted", "assemble", "check_fetchable", "held"]
