"""The records of the fold: what it knows of each contract and of the underlying, and what it tells.

What one rule remembers beside that, its own file says (`rules.spec.RuleSpec`): it comes last in its record.
"""

from __future__ import annotations

import numpy as np

from .rules.block import SIZE_BINS
from .rules.catalogue import RULE_NAMES, rules
from .rules.firing import N_NEAR
from .rules.spread_tightening import RECENT_MINUTES
from .rules.volume_spike import N_POOLS
from .smile_value import N_NEIGHBOURS

N_RULES = len(RULE_NAMES)
RECENT_PRINTS = 8
N_CHANNELS = 11
N_EVIDENCE = max(len(rule.evidence) for rule in rules())

STATIC = np.dtype(
    [
        ("strike", "<f8"),  # $
        ("step", "<f8"),  # $ to the next strike of the expiration, the farther of the two; 0 without one
        ("cp", "<f8"),  # +1 call, -1 put
        ("settle_ns", "<i8"),
        ("multiplier", "<i8"),
        # the three strikes on each side, of the same right and expiration, ascending; 0 where there is none
        ("beside", "<i4", (N_NEIGHBOURS,)),
        ("weight", "<f8", (N_NEIGHBOURS - 2,)),  # of the inner four in the cubic through them, at this strike
        ("tick", "<i4"),  # price units, below $3
        ("tick_3", "<i4"),  # from $3
        ("twin", "<i4"),  # the other right at the same strike and expiry, 0 if not listed
        ("settlement", "<i4"),  # row of its FORWARD
        ("rung", "<i4"),  # rank of the strike among all that are listed, from 0
    ],
    align=True,
)
"""What never changes about a contract; row 0 is the underlying and unused."""

PRINT = np.dtype(
    [
        ("ts", "<i8"),
        ("cancel_ts", "<i8"),  # of the cancel that took it back
        ("delta", "<f8"),  # what it added to the flow
        ("gamma", "<f8"),
        ("price", "<i4"),
        ("size", "<i4"),
        ("print_spot", "<i4"),  # MISSING when it was not weighed
        ("cond", "<i2"),
        ("exch", "<i2"),
        ("side", "i1"),
        ("confidence", "i1"),
        ("alive", "i1"),
    ],
    align=True,
)
"""A recent print: a cancel takes back exactly what it added, and a repeat of it is known."""

CELL = np.dtype(
    [
        # Read and written by every quote; together they fill the first cache lines.
        ("quote_ts", "<i8"),
        ("bid", "<i4"),
        ("ask", "<i4"),
        ("bid_size", "<i4"),
        ("ask_size", "<i4"),
        ("quote_spot", "<i4"),
        ("prev_spot", "<i4"),  # prev_*: the newest quote with an earlier ts
        ("priced_spot", "<i4"),  # what the quotes of its settlement implied when it was quoted
        ("quote_gap", "<i8"),  # the longest it lately stayed unquoted, wearing off by an eighth a quote
        ("prev_ts", "<i8"),
        ("prev_bid", "<i4"),
        ("prev_ask", "<i4"),
        ("prev_bid_size", "<i4"),
        ("prev_ask_size", "<i4"),
        # spread baseline: the running minute, then the median and mean of the last minutes
        ("minute_end", "<i8"),
        ("spread_time", "<i8"),  # 1024 ns
        ("spread_area", "<i8"),  # price units x 1024 ns
        ("mid_area", "<i8"),
        ("spread_median", "<i4"),
        ("spread_minutes", "<i4"),
        ("tight_quotes", "<i4"),
        ("armed", "<i4"),  # one bit per rule and direction; 0 is armed
        # price move: two anchors, at least one window apart
        ("anchor_ts", "<i8"),
        ("anchor_mid2", "<i8"),
        ("recent_ts", "<i8"),
        ("recent_mid2", "<i8"),
        ("anchor_priced_spot", "<i4"),
        ("recent_priced_spot", "<i4"),
        ("move_sign", "<i4"),
        ("fmv_sign", "<i4"),
        ("move_var", "<f8"),
        # our own greeks, and the spot they were taken at
        ("greeks_ts", "<i8"),
        ("iv_ts", "<i8"),  # of the quote that gave the volatility
        ("iv_until", "<i8"),  # it stands up to then, see `analytics.age`
        ("iv", "<f8"),
        ("delta", "<f8"),
        ("gamma", "<f8"),
        ("vega", "<f8"),
        ("theta", "<f8"),
        ("greeks_spot", "<i4"),
        ("fmv", "<i4"),
        ("fmv_ts", "<i8"),
        ("smile_due", "<i8"),  # when the contract is next held against the smile of its neighbours
        ("bucket_end", "<i8"),  # of the running volume bucket; 0 before the first quote or trade
        # the rest is for trades and for what happens rarely
        ("tight_since", "<i8"),
        ("spread_percent", "<f8"),
        ("last_ts", "<i8"),
        ("last", "<i4"),
        ("last_different", "<i4"),
        ("prints", "<i4"),
        ("print_newest", "<i8"),  # greatest ts of a print
        ("last_side", "i1"),
        ("print_head", "i1"),
        ("volume", "<i8"),
        ("cancelled", "<i8"),
        ("buy", "<i8"),
        ("sell", "<i8"),
        ("unknown", "<i8"),
        ("sided_confidence", "<i8"),  # sum of confidence in percent x contracts, of buy and sell
        ("premium", "<i8"),  # price units x contracts x multiplier
        ("buy_premium", "<i8"),
        ("sell_premium", "<i8"),
        ("delta_flow", "<f8"),
        ("gamma_flow", "<f8"),
        ("bucket_premium", "<i8"),
        ("bucket_volume", "<i4"),
        ("bucket_side", "<i4"),  # sum of side x confidence x size
        ("bucket_largest", "<i4"),  # print
        ("bucket_prints", "<i4"),
        ("buckets", "<i8"),  # closed with a trade in them
        ("closed", "<i8"),  # closed at all
        ("log_mean", "<f8"),
        ("log_var", "<f8"),
        ("lin_mean", "<f8"),
        ("oi", "<i4"),
        ("vendor_iv", "<i4"),
        ("vendor_gamma", "<i4"),
        ("vendor_delta", "<i4"),
        ("day_volume", "<i4"),
        ("cancel_ts", "<i8"),  # of the last cancel
        ("auction_ts", "<i8"),  # of the last opening or reopening print
        # the running sweep, bought and sold
        ("sweep_ts", "<i8", (2,)),  # of its first print
        ("sweep_exchanges", "<i8", (2,)),  # a bit each
        ("sweep_premium", "<i8", (2,)),
        ("sweep_volume", "<i4", (2,)),
        ("sweep_confidence", "<i4", (2,)),  # sum of confidence x size
        ("sweep_prints", "<i4", (2,)),
        ("sweep_iso", "<i4", (2,)),  # contracts of intermarket sweep prints
        # recent minutes of the spread baseline: average spread and mid, price units
        ("spreads", "<i4", (RECENT_MINUTES,)),
        ("mids", "<i4", (RECENT_MINUTES,)),
        ("ring", PRINT, (RECENT_PRINTS,)),
        # the last signal of each rule and direction that began a cooldown, and the head it is or joined
        ("fired_ts", "<i8", (N_RULES * 2,)),
        ("fired_head", "<i8", (N_RULES * 2,)),
        ("fired_level", "i1", (N_RULES * 2,)),
        # the event of the last firing that none of the contract's others had just told: when, and its head
        ("event_ts", "<i8"),
        ("event_head", "<i8"),
        *(each for rule in rules() for each in rule.cell),
    ],
    align=True,
)
"""What the fold knows of one contract; prices in price units, MISSING until told."""

UNDER = np.dtype(
    [
        ("clock", "<i8"),  # running maximum of ts
        ("begin_ts", "<i8"),  # of the first event
        ("first_ts", "<i8"),  # of the first quote or trade
        ("events", "<i8"),
        ("quotes", "<i8"),
        ("trades", "<i8"),
        ("gaps", "<i8"),
        ("rejected", "<i8"),  # records whose contract or kind is not known
        ("lag_event", "<i8"),  # number of the last event that was behind the clock, or told again
        ("redelivered", "<i8"),  # records that had been told before, or are older than what stands
        ("packages", "<i8"),  # multi-leg orders
        ("package_legs", "<i8"),
        ("package_ts", "<i8"),  # of the last leg
        ("package_exch", "<i4"),
        ("package_cond", "<i4"),
        ("cancels", "<i8"),
        ("unmatched_cancels", "<i8"),
        ("no_delta_volume", "<i8"),  # classified contracts that had no delta when they traded
        ("signals", "<i8"),  # heads
        ("joined", "<i8"),  # signals that joined one
        ("signal_hash", "<u8"),
        ("spot_ts", "<i8"),
        ("spot", "<i4"),
        ("prev_close", "<i4"),
        ("anchor_ts", "<i8"),
        ("recent_ts", "<i8"),
        ("anchor_spot", "<i4"),
        ("recent_spot", "<i4"),
        ("mark_ts", "<i8"),  # of the last session mark
        ("size_prints", "<i8"),
        ("size_bins", "<i8", (SIZE_BINS,)),  # prints by size, four bins to a doubling
        # by rule: the last head, and how crowded the rule is (see `firing.join_crowd`)
        ("head", "<i8", (N_RULES,)),
        ("head_ts", "<i8", (N_RULES,)),
        ("crowd_ts", "<i8", (N_RULES,)),
        # the last signals, whichever rule
        ("near_ts", "<i8", (N_NEAR,)),
        ("near_head", "<i8", (N_NEAR,)),
        ("near_settle", "<i8", (N_NEAR,)),
        ("near_strike", "<f8", (N_NEAR,)),
        ("near_cid", "<i4", (N_NEAR,)),
        ("near_lane", "<i4", (N_NEAR,)),
        ("near_next", "<i8"),
        ("pool_mean", "<f8", (N_POOLS,)),
        ("pool_var", "<f8", (N_POOLS,)),
        ("pool_count", "<i8", (N_POOLS,)),
        ("channels", "<f8", (N_CHANNELS,)),  # of classified flow, see `flow`
        # the book of gamma, as the rules about levels last saw it
        ("levels_next", "<i8"),  # when it is looked at again
        ("levels_after", "<i8"),  # it is not judged before
        ("levels_moved", "<i8"),  # when the spot was last seen to have moved
        ("levels_horizon", "<i8"),  # the last settlement that counts
        ("levels_spot", "<i4"),
        *(each for rule in rules() for each in rule.under),
    ],
    align=True,
)

SIGNAL = np.dtype(
    [
        ("ts", "<i8"),
        ("parent", "<i8"),  # the head it joined, as a count of heads before that one; -1 for a head
        ("cid", "<i4"),  # UNDERLYING when it is about the underlying
        ("mid_before", "<i4"),
        ("mid_after", "<i4"),
        ("rule", "u1"),
        ("direction", "i1"),  # +1 buy, -1 sell, 0 neutral
        ("seed", "u1"),
        ("side_confidence", "<f8"),
        ("strength", "<f8"),
        ("evidence", "<f8", (N_EVIDENCE,)),
    ],
    align=True,
)

SIDE = np.dtype([("side", "i1"), ("confidence", "u1"), ("method", "u1")])
"""What the fold decided about one trade; confidence in percent."""
