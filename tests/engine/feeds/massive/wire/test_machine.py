"""The machine: what it says, what it takes from frames however they are cut, and what it counts."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feeds.massive.wire.handshake import HandshakeState
from engine.feeds.massive.wire.machine import Machine
from engine.feeds.massive.wire.notices import NewContract, RefusedChannels, StatusNotice
from engine.model.errors import UsageError
from engine.model.events import (
    BAR,
    EVENT,
    FLAG_RECEIVED,
    FMV,
    MISSING,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
    Events,
)
from tests.fakes.massive import CALL, KEY, PUT, bar, fair_value, index_value, quote, tape, trade
from tests.fakes.massive.audit import accounted, feed
from tests.fakes.massive.listener import machine
from tests.fakes.massive.messages import BEGIN_MS, Message, status
from tests.fakes.massive.mutations import mutated

NOW = 1_766_154_600_500_000_000
MS = 1_000_000


def say(to: Machine, *messages: Message, now: int = NOW) -> None:
    to.receive(json.dumps(messages), now)


def streaming(cluster: str = "options", *wanted: str, symbols: str = "SPY SPX") -> Machine:
    made = machine(cluster, wanted, symbols)
    say(made, status("connected", "Connected Successfully"))
    say(made, status("auth_success", "authenticated"))
    made.to_send()
    made.notices()
    return made


def taken(of: Machine, symbol: str = "SPY") -> Events:
    batch = of.events().get(symbol)
    return np.empty(0, EVENT) if batch is None else batch.events


def one(message: Message, cluster: str = "options", symbol: str = "SPY") -> np.void:
    made = streaming(cluster)
    say(made, message)
    [event] = taken(made, symbol)
    return event


def test_nothing_is_said_before_the_provider_speaks() -> None:
    assert machine(wanted=["T.*"]).to_send() == []


def test_the_key_answers_the_welcome_and_the_channels_answer_the_admission() -> None:
    made = machine(wanted=["T.*", f"Q.{CALL}"])
    say(made, status("connected", "Connected Successfully"))
    assert [json.loads(each) for each in made.to_send()] == [{"action": "auth", "params": KEY}]
    say(made, status("auth_success", "authenticated"))
    [command] = made.to_send()
    assert json.loads(command) == {"action": "subscribe", "params": f"Q.{CALL},T.*"}
    assert made.state is HandshakeState.STREAMING


def test_a_refused_key_ends_the_conversation() -> None:
    made = machine(wanted=["T.*"])
    say(made, status("connected", "x"), status("auth_failed", f"key {KEY} is unknown"))
    say(made, status("auth_success", "authenticated"))
    assert made.state is HandshakeState.REFUSED
    assert len(made.to_send()) == 1
    assert StatusNotice("auth_failed", "key ••• is unknown", "refused") in made.notices()


@pytest.mark.parametrize(
    ("said", "end"),
    [
        ("max_connections", HandshakeState.EVICTED),
        ("slow_consumer", HandshakeState.SLOW),
        ("force_disconnect", HandshakeState.DISMISSED),
        ("auth_timeout", HandshakeState.DISMISSED),
    ],
)
def test_the_cause_of_a_close_is_told_and_kept(said: str, end: HandshakeState) -> None:
    made = streaming()
    say(made, status(said, "why"))
    assert made.notices() == [StatusNotice(said, "why", end.value)]
    assert made.state is end
    say(made, trade())
    assert len(taken(made)) == 1


def test_a_trade_has_its_price_size_venue_and_time() -> None:
    event = one(trade(p=1.555, s=12, x=316, t=BEGIN_MS + 7))
    assert (event["kind"], event["cid"], event["p1"], event["s1"]) == (TRADE, 1, 15_550, 12)
    assert (event["ts"], event["exch"], event["cond"], event["p2"]) == ((BEGIN_MS + 7) * MS, 316, 0, MISSING)


def test_of_several_conditions_the_weightiest_decides() -> None:
    assert one(trade(c=(209, 219)))["cond"] == 219
    assert one(trade(c=(219, 232, 209)))["cond"] == 232
    assert one(trade(c=(209.0, 201)))["cond"] == 201


def test_whole_numbers_may_be_written_as_decimals() -> None:
    assert one(trade(s=12.0, x=316.0, t=float(BEGIN_MS), q=5.0)) == one(trade(s=12, x=316, q=5))


def test_a_quote_has_both_sides_with_their_sizes_and_venues() -> None:
    event = one(quote(bp=1.5, ap=1.6, bs=12, bx=302, ax=308, **{"as": 7}))
    assert (event["kind"], event["p1"], event["p2"], event["s1"], event["s2"]) == (
        QUOTE,
        15_000,
        16_000,
        12,
        7,
    )
    assert (event["exch"], event["cond"]) == (302, 308)


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        (0, 0.05, (0, 500)),
        (0, 0, (MISSING, MISSING)),
        (0.1, 0, (1000, MISSING)),
        (None, 0.05, (MISSING, 500)),
    ],
)
def test_an_absent_side_is_missing_and_a_bid_of_zero_beside_an_ask_is_real(
    bid: float | None, ask: float, expected: tuple[int, int]
) -> None:
    event = one({key: value for key, value in quote(bp=bid, ap=ask).items() if value is not None})
    assert (event["p1"], event["p2"]) == expected
    assert (event["s1"] == 0) == (expected[0] == MISSING)
    assert (event["s2"] == 0) == (expected[1] == MISSING)


@pytest.mark.parametrize("ev", ["A", "AM"])
def test_a_bar_counts_at_the_end_of_its_window(ev: str) -> None:
    event = one(bar(ev=ev))
    assert (event["kind"], event["ts"]) == (BAR, (BEGIN_MS + 1000) * MS)
    assert (event["p1"], event["p2"], event["s1"], event["s2"]) == (15_500, 15_167, 20, 340)


def test_volumes_that_a_bar_does_not_give_are_missing() -> None:
    event = one({"ev": "A", "sym": CALL, "c": 1.55, "e": BEGIN_MS})
    assert (event["p2"], event["s1"], event["s2"]) == (MISSING, MISSING, MISSING)


def test_a_fair_value_keeps_its_nanoseconds() -> None:
    event = one(fair_value())
    assert (event["kind"], event["ts"], event["p1"]) == (FMV, BEGIN_MS * MS + 123, 15_525)


def test_prices_of_the_underlying_come_from_stocks_and_indices() -> None:
    for message, cluster, symbol, price in (
        (trade("SPY", p=650.125, s=0), "stocks", "SPY", 6_501_250),
        (quote("SPY", bp=650.12, ap=650.14), "stocks", "SPY", 6_501_300),
        (index_value(), "indices", "SPX", 68_172_500),
    ):
        event = one(message, cluster, symbol)
        assert (event["kind"], event["cid"], event["p1"]) == (SPOT, UNDERLYING, price)
        assert event["ts"] == BEGIN_MS * MS


def test_stock_messages_that_set_no_price_are_counted() -> None:
    made = streaming("stocks")
    say(made, trade("SPY", c=(2,)), quote("SPY", bp=0), quote("SPY", bp=2, ap=1), trade("AAPL"))
    assert (len(taken(made)), made.counters.unpriced, made.counters.elsewhere) == (0, 3, 1)


def test_an_event_without_a_time_has_ours_and_says_so() -> None:
    made = streaming()
    say(made, {"ev": "T", "sym": CALL, "p": 1, "s": 1}, now=NOW)
    say(made, {"ev": "FMV", "sym": CALL, "fmv": 1}, now=NOW + 5)
    say(made, {"ev": "Q", "sym": CALL, "t": None}, now=NOW + 9)
    events = taken(made)
    assert events["ts"].tolist() == [NOW, NOW + 5, NOW + 9]
    assert set(events["flags"]) == {FLAG_RECEIVED}


def test_each_underlying_has_its_own_tape_and_contract_ids() -> None:
    made = streaming()
    say(made, quote("O:SPXW251219C06800000"), quote(CALL), quote(PUT), quote("O:SPX251219C06800000"))
    batches = made.events()
    assert {symbol: batch.events["cid"].tolist() for symbol, batch in batches.items()} == {
        "SPX": [1, 2],
        "SPY": [1, 2],
    }
    assert {batch.received_ns for batch in batches.values()} == {NOW}
    told = [
        (each.symbol, each.cid, each.contract.occ) for each in made.notices() if isinstance(each, NewContract)
    ]
    assert told == [
        ("SPX", 1, "O:SPXW251219C06800000"),
        ("SPY", 1, CALL),
        ("SPY", 2, PUT),
        ("SPX", 2, "O:SPX251219C06800000"),
    ]


def test_a_contract_is_told_once() -> None:
    made = streaming()
    say(made, quote())
    made.notices()
    say(made, quote())
    assert (made.notices(), taken(made)["cid"].tolist()) == ([], [1, 1])


def test_what_nobody_follows_and_what_has_the_wrong_shape_goes_elsewhere() -> None:
    made = streaming()
    say(made, trade("O:AAPL251219C00250000"), trade("O:SPY251319C00650000"), trade("SPY"), quote("O:SPY"))
    assert (len(taken(made)), made.counters.elsewhere) == (0, 4)


def test_a_trade_is_taken_once_also_after_a_new_connection() -> None:
    made = streaming("options", "T.*")
    say(made, trade(q=5), trade(q=6), trade(q=5), trade(PUT, q=5))
    assert len(taken(made)) == 3
    made.reset_connection()
    assert (made.state, made.channels.wanted) == (HandshakeState.OPENING, {"T.*"})
    say(made, status("connected", "x"))
    say(made, status("auth_success", "x"))
    say(made, trade(q=6), trade(q=7), trade(q=None), trade(q=None))
    assert len(taken(made)) == 3
    assert made.counters.duplicates == 2


def test_frames_that_wait_are_not_lost_with_their_connection() -> None:
    made = streaming("options", "T.*")
    say(made, trade())
    made.reset_connection()
    assert len(taken(made)) == 1


def test_a_new_connection_asks_for_everything_wanted_again() -> None:
    made = streaming("options", "T.*", f"Q.{CALL}")
    say(made, status("success", "subscribed to: T.*"))
    made.want(["T.*"])
    made.reset_connection()
    say(made, status("connected", "x"))
    say(made, status("auth_success", "x"))
    assert json.loads(made.to_send()[-1]) == {"action": "subscribe", "params": "T.*"}


def test_refused_channels_are_named_by_what_stayed_unconfirmed() -> None:
    made = streaming("options", "T.*", f"Q.{CALL}", f"Q.{PUT}")
    say(made, status("error", "not authorized"), status("success", "subscribed to: T.*"))
    made.reconcile(NOW)
    made.reconcile(NOW + 6_000_000_000)
    assert [each for each in made.notices() if isinstance(each, RefusedChannels)] == [
        RefusedChannels((f"Q.{CALL}", f"Q.{PUT}"), "not authorized")
    ]
    assert made.to_send() == []
    assert made.channels.held == {"T.*"}


def test_a_frame_may_be_an_object_a_text_or_empty() -> None:
    made = streaming()
    made.receive(json.dumps(trade(q=1)), NOW)
    made.receive(json.dumps([trade(q=2)]).encode(), NOW)
    made.receive(" [ ] \n", NOW)
    assert (len(taken(made)), made.counters.faults) == (2, 0)
    made.receive("", NOW)
    made.receive("\ud800", NOW)
    made.receive(b"[1]", NOW)
    assert len(taken(made)) == 0
    assert made.counters.undecodable + made.counters.rejected["no event"] == 3


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        (trade(p="x"), "T.p"),
        (trade(p=0), "T.p"),
        (trade(p=-1), "T.p"),
        (trade(s=1.5), "T.s"),
        (trade(s=0), "T.s"),
        (trade(t=17), "T.t"),
        (trade(c=("a",)), "T.c"),
        (trade(x=70_000), "T.x"),
        (quote(bp=300_000), "Q.bp"),
        (quote(**{"as": -1}), "Q.as"),
        (bar(c=[209]), "A.c"),
        (fair_value(t=BEGIN_MS), "FMV.t"),
        ({"ev": "T", "s": 1, "p": 1}, "T.sym"),
        ({"ev": "T", "sym": CALL, "s": 1}, "T.p"),
        ({"ev": 7}, "no event"),
        ({"sym": CALL}, "no event"),
    ],
)
def test_a_bad_message_is_counted_by_name_and_costs_no_neighbour(bad: Message, name: str) -> None:
    made = streaming()
    say(made, trade(q=1), bad, trade(q=2), trade(q=3))
    assert len(taken(made)) == 3
    assert dict(made.counters.rejected) == {name: 1}
    assert made.counters.faults == 1


def test_unknown_types_and_fields_are_tolerated_and_types_counted() -> None:
    made = streaming()
    say(made, {"ev": "LV", "val": 1.5, "sym": CALL}, trade(q=1, zz=[{"a": 1}], otc=True), {"ev": "NOI"})
    assert (len(taken(made)), dict(made.counters.unknown)) == (1, {"LV": 1, "NOI": 1})


def test_a_null_counts_as_missing() -> None:
    made = streaming()
    say(made, quote(bx=None, bs=None), trade() | {"q": None, "x": None})
    events = taken(made)
    assert events["exch"].tolist() == [0, 0]
    assert events["s1"].tolist() == [0, 3]
    assert made.counters.faults == 0


def test_a_frame_that_breaks_in_the_middle_gives_what_is_whole() -> None:
    good = [json.dumps(trade(q=q)) for q in range(3)]
    made = streaming()
    made.receive(f"[{good[0]},{good[1][:40]},{good[2]}]", NOW)
    assert (len(taken(made)), made.counters.undecodable) == (2, 1)


def test_a_frame_cut_at_any_byte_gives_the_messages_before_the_cut() -> None:
    messages = [trade(q=1, c=(209, 232)), quote(), bar(), fair_value(PUT), trade(PUT, q=2)]
    texts = [json.dumps(each) for each in messages]
    frame = f"[{','.join(texts)}]".encode()
    ends = np.cumsum([len(text) + 1 for text in texts])
    made = streaming()
    say(made, *messages)
    whole = taken(made)
    for cut in range(len(frame)):
        made = streaming()
        made.receive(frame[:cut], NOW)
        events = taken(made)
        assert len(events) == np.sum(ends <= cut)
        assert events.tolist() == whole[: len(events)].tolist()
        assert made.counters.faults == 1


@given(st.lists(st.integers(0, 60), max_size=20), st.sets(st.integers(0, 20)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_events_do_not_depend_on_frames_and_drains(cuts: list[int], drains: set[int], spaced: bool) -> None:
    messages = [*tape(5, 50), bar(), fair_value(), status("success", "x"), {"ev": "LV"}, *tape(6, 6)]
    whole = streaming()
    say(whole, *messages)
    expected = taken(whole)
    made = streaming()
    found = []
    borders = [0, *sorted(cuts), len(messages)]
    for i, (begin, end) in enumerate(pairwise(borders)):
        made.receive(json.dumps(messages[begin:end], indent=1 if spaced else None), NOW)
        if i in drains:
            found.append(taken(made))
    found.append(taken(made))
    assert np.concatenate(found).tolist() == expected.tolist()
    assert replace(made.counters, frames=0) == replace(whole.counters, frames=0)


def escaped(message: Message) -> str:
    """Write a message so that the fast reader leaves it to the other: the same text, an escape within."""
    return json.dumps(message).replace('"O:', '"\\u004f:')


NUMBERS = st.one_of(
    st.integers(-2, 2**33),
    st.integers(0, 10**20),
    st.floats(-1, 300_000),
    st.floats(0, 3).map(lambda x: round(x, 2)),
    st.sampled_from([BEGIN_MS, float(BEGIN_MS), 0.0, 214_748, 214_748.5, 32_767, 32_768, 2**53, 1e-7, 12.0]),
)
OTHERS = st.one_of(st.none(), st.booleans(), st.text(max_size=3), st.lists(NUMBERS, max_size=3))
VALUES = st.one_of(NUMBERS, NUMBERS, NUMBERS, OTHERS)
NAMES = ("p", "s", "x", "t", "q", "c", "bp", "ap", "bs", "as", "bx", "ax", "v", "av", "vw", "e", "z", "sym")
FIELDS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4)
BASES = st.sampled_from([trade(q=None), trade(q=7, c=(219, 209)), quote(), bar(), bar(ev="AM")])


@given(st.lists(st.tuples(BASES, FIELDS, st.randoms(use_true_random=False)), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_both_readers_agree_on_every_message(drawn: list[tuple[Message, Message, random.Random]]) -> None:
    fast, slow = streaming(), streaming()
    for base, fields, order in drawn:
        items = list({**base, **fields}.items())
        order.shuffle(items)
        fast.receive(f"[{json.dumps(dict(items))}]", NOW)
        slow.receive(f"[{escaped(dict(items))}]", NOW)
    assert taken(fast).tolist() == taken(slow).tolist()
    assert fast.counters == slow.counters


def test_every_piece_of_a_damaged_frame_is_accounted_for() -> None:
    made = streaming()
    for i in range(2_000):
        if made.state is not HandshakeState.STREAMING:
            made = streaming()
        frame = mutated(random.Random(i))
        assert feed(made, frame, NOW) is None, (i, frame)
    assert accounted(made.counters) > 0


def test_every_other_cluster_and_nonsense_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="'crypto' is no cluster"):
        machine("crypto")


def test_the_key_does_not_show_itself() -> None:
    made = streaming()
    assert KEY not in repr(made) + repr(vars(made.channels)) + repr(made.counters)


def test_prices_are_rounded_half_up_by_both_readers() -> None:
    for text in (json.dumps(trade(p=1 / 32)), escaped(trade(p=1 / 32))):
        made = streaming()
        made.receive(text, NOW)
        assert taken(made)["p1"].tolist() == [313]


@pytest.mark.parametrize("form", ["{{{again},{fields}}}", "{{{fields},{again}}}"])
@pytest.mark.parametrize("again", ['"ev":"Q"', '"ev":"T"', '"p":9', '"c":[201]', f'"sym":"{PUT}"'])
def test_both_readers_agree_on_a_key_that_comes_twice(form: str, again: str) -> None:
    fast, slow = streaming(), streaming()
    for made, text in ((fast, json.dumps(trade(c=(209,)))), (slow, escaped(trade(c=(209,))))):
        made.receive(form.format(fields=text[1:-1], again=again), NOW)
    assert taken(fast).tolist() == taken(slow).tolist()
    assert fast.counters == slow.counters
