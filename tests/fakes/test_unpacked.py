from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes.unpacked import unpacked

WORD = "canary7f3a"
_DRAW = random.Random(1)
TEXTS = ["a", *("".join(_DRAW.choices("aeinrst", k=40)) for _ in range(200)), WORD, "z"]
"""Unlike enough that every letter is coded, and the word neither first nor last, where statistics show it."""


def journal(path: Path, table: pa.Table, torn: bool = False) -> None:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with path.open("wb") as file, pa.ipc.new_stream(file, table.schema, options=options) as stream:
        stream.write_table(table)
    if torn:
        path.write_bytes(path.read_bytes()[:-8] + b"\xff\xff\xff\xff\x00")


def parquet(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd")


def torn_journal(path: Path, table: pa.Table) -> None:
    journal(path, table, torn=True)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("SPY-093000.arrows", journal),
        ("SPY-093000.arrows", torn_journal),
        ("tape.parquet", parquet),
        (".O_SPY.00000.part", parquet),
    ],
)
def test_a_word_in_a_compressed_column_is_found(
    name: str, write: Callable[[Path, pa.Table], None], tmp_path: Path
) -> None:
    path = tmp_path / name
    write(path, pa.table({"text": TEXTS, "number": range(len(TEXTS))}))
    assert WORD.encode() not in path.read_bytes()
    assert WORD.encode() in unpacked(path)


@pytest.mark.parametrize(("name", "write"), [("SPY.arrows", journal), ("tape.parquet", parquet)])
def test_a_word_in_the_metadata_is_found(
    name: str, write: Callable[[Path, pa.Table], None], tmp_path: Path
) -> None:
    path = tmp_path / name
    write(path, pa.table({"number": [1, 2]}).replace_schema_metadata({"about": WORD}))
    assert WORD.encode() in unpacked(path)


def test_a_word_in_a_gzipped_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "trades.csv.gz"
    path.write_bytes(gzip.compress("".join(TEXTS).encode()))
    assert WORD.encode() not in path.read_bytes()
    assert WORD.encode() in unpacked(path)


def test_a_file_that_is_not_compressed_is_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "SPY.jsonl"
    path.write_text(WORD)
    assert unpacked(path) == WORD.encode()
