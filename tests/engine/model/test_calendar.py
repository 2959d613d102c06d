from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.calendar import (
    Session,
    clock_ns,
    clock_text,
    close_ns,
    expirations,
    is_session,
    next_session,
    parse_time,
    previous_session,
    ready_ns,
    session,
    sessions,
    settle_ns,
)
from engine.model.errors import NoDataError, UsageError
from engine.model.holidays import CLOSED, FIRST_DAY, HALF_DAYS, LAST_DAY
from engine.model.underlyings import INDICES, generic, underlying

TUESDAY = date(2025, 12, 16)
HALF_DAY = date(2025, 12, 24)
SECOND = 1_000_000_000

calendar_days = st.dates(FIRST_DAY, LAST_DAY)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


class TestCalendar:
    # the library's own use of pandas is deprecated; that is not ours to mend
    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_every_session_and_early_close_agrees_with_an_independent_calendar(self) -> None:
        library = pytest.importorskip("exchange_calendars")
        nyse = library.get_calendar("XNYS", start=str(FIRST_DAY), end=str(LAST_DAY))
        ours = [session(day) for day in sessions(FIRST_DAY, LAST_DAY)]
        opens = [(stamp.date(), int(at.as_unit("ns").value)) for stamp, at in nyse.opens.items()]
        closes = [int(at.as_unit("ns").value) for at in nyse.closes]
        assert [(each.day, each.open_ns) for each in ours] == opens
        assert [each.close_ns for each in ours] == closes
        assert {each.day for each in ours if each.half_day} == {stamp.date() for stamp in nyse.early_closes}

    def test_the_table_has_as_many_closures_as_the_rules_give(self) -> None:
        # ten holidays a year, Juneteenth from 2022, New Year's Day 2022 on a Saturday without a substitute
        one_off = days("2018-12-05", "2025-01-09")
        assert len(CLOSED) == 13 * 9 + 6 - 1 + len(one_off)
        assert all(day.weekday() < 5 for day in CLOSED)
        assert not HALF_DAYS & CLOSED.keys()

    def test_winter_session_opens_at_1430_utc(self) -> None:
        assert session(TUESDAY) == Session(
            TUESDAY, utc("2025-12-16T14:30"), utc("2025-12-16T21:00"), utc("2025-12-16T21:15"), False
        )

    @pytest.mark.parametrize("day", [date(2025, 3, 7), date(2025, 3, 10), date(2025, 12, 24)])
    def test_it_is_made_ready_for_at_0830_in_new_york_in_summer_and_winter(self, day: date) -> None:
        assert ready_ns(day) == parse_time("08:30", day)

    def test_half_day_closes_at_13_and_late_classes_at_1315(self) -> None:
        assert session(HALF_DAY) == Session(
            HALF_DAY, utc("2025-12-24T14:30"), utc("2025-12-24T18:00"), utc("2025-12-24T18:15"), True
        )

    @pytest.mark.parametrize(
        ("before", "after", "shift_h"),
        [("2025-03-07", "2025-03-10", -1), ("2025-10-31", "2025-11-03", 1)],
        ids=["clocks go forward", "clocks go back"],
    )
    def test_open_follows_daylight_saving_in_both_directions(
        self, before: str, after: str, shift_h: int
    ) -> None:
        first, second = date.fromisoformat(before), date.fromisoformat(after)
        elapsed = session(second).open_ns - session(first).open_ns
        assert elapsed == ((second - first).days * 24 + shift_h) * 3600 * SECOND
        assert clock_text(session(first).open_ns) == clock_text(session(second).open_ns) == "09:30:00"

    @pytest.mark.parametrize(
        ("day", "sentence"),
        [
            (
                "2025-12-25",
                "2025-12-25 is a market holiday (Christmas Day); "
                "the nearest trading days are 2025-12-24 and 2025-12-26.",
            ),
            (
                "2018-12-05",
                "2018-12-05 is a market holiday (National Day of Mourning for George H. W. Bush); "
                "the nearest trading days are 2018-12-04 and 2018-12-06.",
            ),
            (
                "2025-01-09",
                "2025-01-09 is a market holiday (National Day of Mourning for Jimmy Carter); "
                "the nearest trading days are 2025-01-08 and 2025-01-10.",
            ),
            (
                "2022-01-17",
                "2022-01-17 is a market holiday (Martin Luther King Jr. Day); "
                "the nearest trading days are 2022-01-14 and 2022-01-18.",
            ),
            (
                "2025-12-20",
                "2025-12-20 is a Saturday; the nearest trading days are 2025-12-19 and 2025-12-22.",
            ),
            (
                "2015-01-01",
                "2015-01-01 is a market holiday (New Year's Day); the nearest trading day is 2015-01-02.",
            ),
            (
                "2031-05-05",
                "2031-05-05 is outside the trading calendar; choose a day from 2015-01-01 to 2027-12-31.",
            ),
        ],
    )
    def test_a_closed_day_says_why_and_names_its_neighbours(self, day: str, sentence: str) -> None:
        with pytest.raises(NoDataError) as caught:
            session(date.fromisoformat(day))
        assert str(caught.value) == sentence

    @pytest.mark.parametrize(
        ("day", "name"),
        [
            ("2022-06-20", "Juneteenth"),
            ("2021-12-24", "Christmas Day"),
            ("2024-03-29", "Good Friday"),
            ("2023-01-02", "New Year's Day"),
            ("2025-02-17", "Washington's Birthday"),
            ("2025-05-26", "Memorial Day"),
            ("2020-07-03", "Independence Day"),
            ("2027-09-06", "Labor Day"),
            ("2016-11-24", "Thanksgiving Day"),
        ],
    )
    def test_holidays_have_their_names(self, day: str, name: str) -> None:
        assert CLOSED[date.fromisoformat(day)] == name

    def test_neighbours_skip_holidays_and_weekends(self) -> None:
        assert next_session(date(2025, 7, 3)) == date(2025, 7, 7)
        assert previous_session(date(2025, 12, 26)) == HALF_DAY

    def test_neighbours_past_the_table_are_not_invented(self) -> None:
        with pytest.raises(NoDataError, match="2028-01-01 is outside"):
            next_session(LAST_DAY)
        with pytest.raises(NoDataError, match="2014-12-31 is outside"):
            previous_session(date(2015, 1, 2))

    def test_sessions_include_both_ends(self) -> None:
        assert sessions(date(2025, 12, 23), date(2025, 12, 26)) == days(
            "2025-12-23", "2025-12-24", "2025-12-26"
        )

    def test_sessions_of_a_reversed_span_are_none(self) -> None:
        assert sessions(TUESDAY, TUESDAY - timedelta(days=1)) == []

    @given(calendar_days.filter(is_session).filter(lambda day: day < date(2027, 12, 31)))
    def test_previous_undoes_next(self, day: date) -> None:
        assert previous_session(next_session(day)) == day


class TestHours:
    def test_broad_classes_trade_a_quarter_of_an_hour_longer(self) -> None:
        assert close_ns(underlying("SPX"), TUESDAY) == utc("2025-12-16T21:15")
        assert close_ns(generic("GOOG", 2_500), TUESDAY) == utc("2025-12-16T21:00")

    def test_hours_shrink_on_a_half_day(self) -> None:
        assert close_ns(underlying("SPY"), HALF_DAY) == utc("2025-12-24T18:15")
        assert close_ns(generic("GOOG", 2_500), HALF_DAY) == utc("2025-12-24T18:00")

    def test_the_exchanges_clock_leaves_out_the_hour_that_is_put_forward_or_back(self) -> None:
        july, november = utc("2022-07-12T15:55"), settle_ns(underlying("SPX"), "SPXW", date(2022, 11, 30))
        minutes = (141 * 24 * 60) + 245  # 11:55 to 16:00, 141 days on
        assert clock_ns(july, november) == minutes * 60 * 10**9
        assert november - july == (minutes + 60) * 60 * 10**9
        assert clock_ns(july, july + 10**9) == 10**9

    def test_pm_contracts_settle_at_the_stock_close(self) -> None:
        assert settle_ns(underlying("SPY"), "SPY", TUESDAY) == utc("2025-12-16T21:00")
        assert settle_ns(underlying("SPX"), "SPXW", TUESDAY) == utc("2025-12-16T21:00")
        assert settle_ns(underlying("SPX"), "SPXW", HALF_DAY) == utc("2025-12-24T18:00")

    def test_the_monthly_index_root_settles_at_the_open(self) -> None:
        third_friday = date(2025, 12, 19)
        assert settle_ns(underlying("SPX"), "SPX", third_friday) == utc("2025-12-19T14:30")
        assert settle_ns(underlying("NDX"), "NDX", third_friday) == utc("2025-12-19T14:30")
        assert settle_ns(underlying("SPX"), "SPXW", third_friday) == utc("2025-12-19T21:00")

    def test_the_third_friday_is_never_the_second_or_fourth(self) -> None:
        spx = underlying("SPX")
        assert settle_ns(spx, "SPX", date(2025, 8, 15)) == utc("2025-08-15T13:30")  # the 1st is a Friday
        assert settle_ns(spx, "SPX", date(2025, 8, 22)) == utc("2025-08-22T20:00")
        assert settle_ns(spx, "SPX", date(2025, 2, 21)) == utc("2025-02-21T14:30")  # the 1st is a Saturday

    @pytest.mark.parametrize(
        ("root", "day"), [("VIX", "2025-12-17"), ("VIXW", "2025-12-10"), ("VIX", "2026-01-21")]
    )
    def test_volatility_settles_at_the_open_of_its_wednesday(self, root: str, day: str) -> None:
        assert settle_ns(INDICES["VIX"], root, date.fromisoformat(day)) == utc(f"{day}T14:30")

    def test_russell_settles_as_the_other_indices_and_the_mini_spx_at_the_close(self) -> None:
        third_friday = date(2025, 12, 19)
        assert settle_ns(INDICES["RUT"], "RUT", third_friday) == utc("2025-12-19T14:30")
        assert settle_ns(INDICES["RUT"], "RUTW", third_friday) == utc("2025-12-19T21:00")
        assert settle_ns(INDICES["XSP"], "XSP", third_friday) == utc("2025-12-19T21:00")

    def test_a_monthly_on_good_friday_settles_the_morning_before(self) -> None:
        assert settle_ns(underlying("SPX"), "SPX", date(2022, 4, 14)) == utc("2022-04-14T13:30")

    def test_a_saturday_of_old_listings_settles_on_friday(self) -> None:
        assert settle_ns(generic("GOOG", 2_500), "GOOG", date(2016, 1, 16)) == utc("2016-01-15T21:00")

    def test_expirations_beyond_the_table_still_settle(self) -> None:
        assert settle_ns(underlying("SPX"), "SPX", date(2030, 12, 20)) == utc("2030-12-20T14:30")
        assert settle_ns(underlying("SPY"), "SPY", date(2030, 12, 18)) == utc("2030-12-18T21:00")


class TestExpirations:
    @pytest.mark.parametrize("symbol", ["SPY", "QQQ", "IWM", "SPX", "NDX"])
    def test_daily_classes_expire_on_every_session(self, symbol: str) -> None:
        expected = days("2025-12-24", "2025-12-26", "2025-12-29")
        assert expirations(underlying(symbol), HALF_DAY, 3) == expected

    def test_weekly_classes_expire_on_fridays_that_day_included(self) -> None:
        expected = days("2025-12-19", "2025-12-26", "2026-01-02")
        assert expirations(underlying("DIA"), date(2025, 12, 19), 3) == expected
        assert expirations(generic("GOOG", 2_500), TUESDAY, 3) == expected

    def test_volatility_expires_on_wednesdays(self) -> None:
        assert expirations(INDICES["VIX"], TUESDAY, 2) == days("2025-12-17", "2025-12-24")

    def test_a_closed_friday_moves_the_expiration_to_the_session_before(self) -> None:
        goog = generic("GOOG", 2_500)
        thursday = date(2025, 4, 17)  # the day before Good Friday
        assert expirations(goog, date(2025, 4, 14), 2) == [thursday, date(2025, 4, 25)]
        assert expirations(goog, thursday, 1) == [thursday]
        assert expirations(goog, date(2025, 4, 18), 1) == [date(2025, 4, 25)]

    def test_christmas_eve_2015_was_an_expiration(self) -> None:
        assert expirations(generic("GOOG", 2_500), date(2015, 12, 24), 1) == [date(2015, 12, 24)]

    def test_from_a_weekend_the_next_ones_are_given(self) -> None:
        assert expirations(underlying("SPY"), date(2025, 12, 20), 1) == [date(2025, 12, 22)]
        assert expirations(underlying("DIA"), date(2025, 12, 20), 1) == [date(2025, 12, 26)]

    def test_the_tables_end_gives_fewer_and_does_not_invent(self) -> None:
        assert expirations(underlying("SPY"), date(2027, 12, 30), 5) == days("2027-12-30", "2027-12-31")
        assert expirations(underlying("DIA"), date(2027, 12, 30), 5) == days("2027-12-31")

    @given(calendar_days, st.integers(0, 8), st.sampled_from(["SPY", "DIA"]))
    def test_expirations_are_ascending_sessions_from_the_day_on(self, day: date, n: int, symbol: str) -> None:
        found = expirations(underlying(symbol), day, n)
        assert found == sorted(set(found))
        assert len(found) <= n
        assert all(expiry >= day and is_session(expiry) for expiry in found)


class TestExchangeTime:
    @pytest.mark.parametrize(
        ("text", "expected_ns"),
        [
            ("09:30", utc("2025-12-16T14:30")),
            ("9:30", utc("2025-12-16T14:30")),
            ("12:41:07", utc("2025-12-16T17:41:07")),
            ("12:41:07.25", utc("2025-12-16T17:41:07") + SECOND // 4),
            ("12:41:07.000000001", utc("2025-12-16T17:41:07") + 1),
            ("00:00", utc("2025-12-16T05:00")),
        ],
    )
    def test_times_are_exchange_time(self, text: str, expected_ns: int) -> None:
        assert parse_time(text, TUESDAY) == expected_ns

    def test_times_follow_the_season(self) -> None:
        assert parse_time("09:30", date(2025, 7, 1)) == utc("2025-07-01T13:30")

    @pytest.mark.parametrize("text", ["", "9", "0930", "24:00", "12:60", "12:00:60", "12:0", "-1:00", "noon"])
    def test_what_is_not_a_time_is_refused_by_name(self, text: str) -> None:
        with pytest.raises(UsageError, match=f"{text!r} is not a time of day"):
            parse_time(text, TUESDAY)

    def test_clock_text_cuts_instead_of_rounding(self) -> None:
        ts_ns = utc("2025-12-16T17:41:07") + SECOND - 1
        assert clock_text(ts_ns) == "12:41:07"
        assert clock_text(ts_ns, tenths=True) == "12:41:07.9"

    @given(calendar_days, st.integers(4 * 3600, 24 * 3600 - 1))
    def test_clock_text_undoes_parse_time(self, day: date, second: int) -> None:
        text = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        assert clock_text(parse_time(text, day)) == text
