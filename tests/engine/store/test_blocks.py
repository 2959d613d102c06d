"""Text files as blocks of whole lines, gzipped or not, whole or not."""

from __future__ import annotations

import gzip
import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import StoreError
from engine.store.blocks import Block, TextFile


def blocks(path: Path, size: int = 1 << 20) -> tuple[list[Block], TextFile]:
    with TextFile(path) as file:
        return list(file.blocks(size)), file


def text(path: Path, size: int = 1 << 20) -> bytes:
    return b"".join(block.data for block in blocks(path, size)[0])


LINES = b"".join(b"line %d\n" % i for i in range(2_000_000 // 10))


@pytest.mark.parametrize("size", [100, 65_536, 1 << 24])
def test_blocks_are_whole_lines_with_their_numbers(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.csv").write_bytes(LINES)
    parts, _ = blocks(tmp_path / "a.csv", size)
    assert b"".join(part.data for part in parts) == LINES
    line = 1
    for part in parts:
        assert part.first_line == line
        assert part.data.endswith(b"\n")
        line += part.data.count(b"\n")


def test_memory_is_bounded_by_the_block_not_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(LINES * 5))
    parts, _ = blocks(tmp_path / "a.csv.gz", 100_000)
    assert max(len(part.data) for part in parts) <= 100_000 + (1 << 20)


@given(content=st.binary(max_size=200).map(lambda data: data.replace(b"\x1f\x8b", b"")))
def test_any_bytes_come_back_gzipped_or_not(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "plain").write_bytes(content)
    (folder / "zipped").write_bytes(gzip.compress(content))
    assert text(folder / "plain", 7) == content
    assert text(folder / "zipped", 7) == content


def test_members_of_one_gzip_follow_each_other(tmp_path: Path) -> None:
    (tmp_path / "two.gz").write_bytes(gzip.compress(b"a\n") + gzip.compress(b"b\n"))
    assert text(tmp_path / "two.gz") == b"a\nb\n"


def test_gzip_is_recognised_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(gzip.compress(b"a\n"))
    (tmp_path / "b.csv.gz").write_bytes(b"b\n")
    assert text(tmp_path / "a.csv") == b"a\n"
    assert text(tmp_path / "b.csv.gz") == b"b\n"


def test_a_last_line_without_an_end_is_a_line_of_a_whole_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\nb")
    assert text(tmp_path / "a.csv") == b"a\nb"


def test_a_gzip_that_breaks_off_gives_the_whole_lines_before(tmp_path: Path) -> None:
    whole = gzip.compress(LINES)
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    parts, file = blocks(tmp_path / "cut.gz")
    got = b"".join(part.data for part in parts)
    assert file.damage == "breaks off in the middle"
    assert len(LINES) // 4 < len(got) < len(LINES)
    assert got.endswith(b"\n")
    assert LINES.startswith(got)


def test_a_damaged_gzip_says_so(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(LINES))
    middle = len(data) // 2
    data[middle:] = random.Random(0).randbytes(len(data) - middle)
    (tmp_path / "bad.gz").write_bytes(data)
    parts, file = blocks(tmp_path / "bad.gz")
    assert file.damage.startswith("is damaged")
    assert all(part.data.endswith(b"\n") for part in parts)


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(b"a\nb\n"))
    data[-8] ^= 1
    (tmp_path / "crc.gz").write_bytes(data)
    assert "CRC" in blocks(tmp_path / "crc.gz")[1].damage


def test_something_without_lines_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(5 << 20))
    with pytest.raises(StoreError, match="no lines of text"):
        blocks(tmp_path / "zeros", 65_536)


def test_identity_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    data = gzip.compress(LINES)
    (tmp_path / "a.gz").write_bytes(data)
    counted = 0

    def count(n: int) -> None:
        nonlocal counted
        counted += n

    with TextFile(tmp_path / "a.gz", count) as file:
        list(file.blocks(1 << 20))
        identity = file.identity()
    assert (identity.name, identity.size) == ("a.gz", len(data))
    assert identity.sha256 == hashlib.sha256(data).hexdigest()
    assert counted == len(data)


def test_identity_covers_what_lies_behind_damage(tmp_path: Path) -> None:
    data = gzip.compress(b"a\n")[:-4] + bytes(3 << 20)
    (tmp_path / "bad.gz").write_bytes(data)
    with TextFile(tmp_path / "bad.gz") as file:
        list(file.blocks(1 << 20))
        assert file.identity().sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone cannot be read \(No such file or directory\)\."):
        blocks(tmp_path / "gone")
