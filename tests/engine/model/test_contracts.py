from __future__ import annotations

import csv
import gzip
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.contracts import (
    MAX_STRIKE_MILLI,
    Contract,
    ContractTable,
    parse_dxfeed,
    parse_occ,
    parse_tradestation,
)
from engine.model.errors import UsageError
from tests.paths import DATA

EXPIRY = date(2025, 12, 16)

contracts = st.builds(
    Contract,
    root=st.text("ABCPWXYZ0179", min_size=1, max_size=6),
    expiry=st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    right=st.sampled_from("CP"),
    strike_milli=st.integers(1, MAX_STRIKE_MILLI),
)


def contract(
    strike_milli: int = 685_000, root: str = "SPY", right: str = "C", expiry: date = EXPIRY
) -> Contract:
    return Contract(root, expiry, right, strike_milli)


class TestSpellings:
    def test_each_provider_has_its_own(self) -> None:
        call = contract()
        assert call.occ == "O:SPY251216C00685000"
        assert call.osi == "SPY   251216C00685000"
        assert call.dxfeed == ".SPY251216C685"
        assert call.tradestation == "SPY 251216C685"
        assert call.short == "685C"
        assert call.strike == 685.0

    @pytest.mark.parametrize(
        ("strike_milli", "text"),
        [
            (612_250, "612.25"),
            (650_050, "650.05"),
            (650_500, "650.5"),
            (6_000_000, "6000"),
            (1, "0.001"),
            (100_000, "100"),
            (99_999_999, "99999.999"),
        ],
    )
    def test_strikes_are_written_as_the_shortest_exact_decimal(self, strike_milli: int, text: str) -> None:
        put = contract(strike_milli, root="XSP", right="P")
        assert put.dxfeed == f".XSP251216P{text}"
        assert put.tradestation == f"XSP 251216P{text}"
        assert put.short == f"{text}P"

    @given(contracts)
    def test_every_contract_survives_every_spelling(self, any_contract: Contract) -> None:
        assert parse_occ(any_contract.occ) == any_contract
        assert parse_occ(any_contract.osi) == any_contract
        assert parse_dxfeed(any_contract.dxfeed) == any_contract
        assert parse_tradestation(any_contract.tradestation) == any_contract

    @given(contracts)
    def test_names_have_their_fixed_lengths(self, any_contract: Contract) -> None:
        assert len(any_contract.osi) == 21
        assert len(any_contract.occ) == 2 + len(any_contract.root) + 15

    @given(contracts, contracts)
    def test_different_contracts_never_share_a_spelling(self, one: Contract, other: Contract) -> None:
        same = one == other
        assert (one.occ == other.occ) is same
        assert (one.dxfeed == other.dxfeed) is same
        assert (one.tradestation == other.tradestation) is same

    def test_the_highest_strike_is_all_nines(self) -> None:
        assert (
            parse_occ("O:SPY251216C99999999")
            == parse_dxfeed(".SPY251216C99999.999")
            == contract(MAX_STRIKE_MILLI)
        )

    def test_adjusted_roots_keep_their_digits(self) -> None:
        assert parse_occ("O:AAPL1251216C00685000") == contract(root="AAPL1")
        assert parse_dxfeed(".AAPL1251216C685") == contract(root="AAPL1")

    def test_occ_is_read_with_and_without_its_prefix(self) -> None:
        assert parse_occ("SPY251216C00685000") == parse_occ("O:SPY251216C00685000") == contract()

    def test_trailing_zeros_of_a_strike_are_understood(self) -> None:
        assert parse_tradestation("SPY 251216C450.50") == contract(450_500)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "SPY",
            "O:SPY251216C0068500",
            "O:SPY251216C000685000",
            "O:SPY251316C00685000",
            "O:SPY250230C00685000",
            "O:SPY251216X00685000",
            "O:spy251216C00685000",
            "O:251216C00685000",
            "O:TOOLONG251216C00685000",
            "O:SPY251216C00000000",
            "O:SPY251216C00685000\n",
            "O:SPY251216C٠٠٦٨٥٠٠٠",
            ".SPY251216C685",
        ],
    )
    def test_what_is_no_occ_name_is_refused_by_name(self, text: str) -> None:
        with pytest.raises(UsageError) as caught:
            parse_occ(text)
        expected = f"{text!r} is not the name of an option contract; write it like 'O:SPY251216C00685000'."
        assert str(caught.value) == expected

    @pytest.mark.parametrize(
        "text", ["SPY251216C685", ".SPY251216C", ".SPY251216C6.8.5", ".SPY251216C685.", ".SPY251216C685.0005"]
    )
    def test_what_is_no_dxfeed_name_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="is not the name of an option contract"):
            parse_dxfeed(text)

    @pytest.mark.parametrize(
        "text", ["SPY251216C685", "SPY  251216C685", "SPY 251216C123456", "SPY 251216C0", "SPY 251216"]
    )
    def test_what_is_no_tradestation_name_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError, match="is not the name of an option contract"):
            parse_tradestation(text)

    @given(st.text(max_size=30))
    def test_no_text_does_worse_than_a_usage_error(self, text: str) -> None:
        for parse in (parse_occ, parse_dxfeed, parse_tradestation):
            try:
                parsed = parse(text)
            except UsageError:
                continue
            assert 1 <= parsed.strike_milli <= MAX_STRIKE_MILLI

    def test_contracts_sort_by_root_expiry_right_strike(self) -> None:
        low, high, put = contract(684_000), contract(700_000), contract(1_000, right="P")
        later = contract(1_000, expiry=date(2025, 12, 17))
        assert sorted([later, put, high, low]) == [low, high, put, later]

    def test_every_ticker_of_a_real_chain_is_read_and_written_back(self) -> None:
        name = "goog_2015-12-24_open_interest.csv.gz"
        if not (DATA / name).exists():
            pytest.skip(f"{name} is not here")
        with gzip.open(DATA / name, "rt") as lines:
            tickers = [row["ticker"] for row in csv.DictReader(lines)]
        assert len(tickers) >= 876
        table = ContractTable()
        ids = [table.add_occ(ticker) for ticker in tickers]
        assert [table[cid].occ for cid in ids] == tickers


class TestContractTable:
    def test_ids_start_at_one_and_stay(self) -> None:
        table = ContractTable()
        first, second = contract(684_000), contract(685_000)
        assert [table.add(first), table.add(second), table.add(first)] == [1, 2, 1]
        assert len(table) == 2
        assert list(table) == [first, second]
        assert table[2] == second

    def test_it_can_be_built_from_contracts(self) -> None:
        assert list(ContractTable([contract(1), contract(2), contract(1)])) == [contract(1), contract(2)]

    @pytest.mark.parametrize("cid", [0, -1, 2])
    def test_an_id_that_was_never_given_has_no_contract(self, cid: int) -> None:
        with pytest.raises(IndexError, match=f"no contract has id {cid}"):
            ContractTable([contract()])[cid]

    def test_an_unknown_contract_has_no_id(self) -> None:
        assert ContractTable([contract()]).id_of(contract(1)) is None
        assert ContractTable([contract()]).id_of(contract()) == 1

    def test_names_are_looked_up_in_each_occ_form(self) -> None:
        table = ContractTable([contract(684_000), contract()])
        for name in (contract().occ, contract().osi, contract().occ.removeprefix("O:")):
            assert table.lookup(name) == 2

    def test_lookup_of_unknown_or_nonsense_is_none_until_it_is_added(self) -> None:
        table = ContractTable()
        assert table.lookup(contract().occ) is None
        assert table.lookup("nonsense") is None
        assert table.add(contract()) == 1
        assert table.lookup(contract().occ) == 1

    def test_adding_by_name_parses_once_per_contract(self) -> None:
        table = ContractTable()
        assert [table.add_occ(contract().occ), table.add_occ(contract().osi)] == [1, 1]
        with pytest.raises(UsageError):
            table.add_occ("O:nonsense")
        assert len(table) == 1

    def test_expiries_and_strikes_are_ascending_and_distinct(self) -> None:
        later = date(2025, 12, 17)
        table = ContractTable(
            [contract(2_000, expiry=later), contract(3_000), contract(1_000), contract(1_000, right="P")]
        )
        assert table.expiries() == (EXPIRY, later)
        assert table.strikes(EXPIRY) == (1_000, 3_000)
        assert table.strikes(date(2026, 1, 1)) == ()

    @given(st.lists(contracts, max_size=30))
    def test_table_and_names_agree(self, added: list[Contract]) -> None:
        table = ContractTable(added)
        assert len(table) == len(set(added))
        for cid, known in enumerate(table, start=1):
            assert table.id_of(known) == table.lookup(known.occ) == table.add(known) == cid
            assert table[cid] == known
