from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

import pytest

from engine.feeds.recorder.socket_file import SocketFile, is_own, is_reachable
from engine.model.errors import BusyError, StoreError


@pytest.fixture
def place(tmp_path: Path) -> SocketFile:
    """The meeting point of a data folder that is not there yet."""
    place = SocketFile(tmp_path / "data")
    place.prepare()
    return place


def test_only_the_user_may_enter(place: SocketFile) -> None:
    with place.listen():
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.socket.stat().st_mode) == 0o600


def test_a_folder_that_others_could_enter_is_closed_to_them(tmp_path: Path) -> None:
    place = SocketFile(tmp_path)
    place.folder.mkdir(mode=0o777)
    place.folder.chmod(0o777)
    with place.listen():
        assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700


def test_a_link_in_the_folders_place_is_not_followed(tmp_path: Path) -> None:
    place = SocketFile(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    place.folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="run is not this user's own folder; move it away"):
        place.listen()


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(
        StoreError, match=r"The data folder .*/data cannot be written \(Not a directory\); mend that"
    ):
        SocketFile(tmp_path / "data").prepare()


def test_a_second_recorder_is_told_who_the_first_one_is(place: SocketFile) -> None:
    with place.claim(), pytest.raises(BusyError, match=rf"A recorder \(pid {os.getpid()}\) already runs"):
        SocketFile(place.data_dir).claim()
    with place.claim():
        pass


def test_a_full_disk_keeps_no_recorder_from_its_place(place: SocketFile) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        lock = place.claim()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with lock, pytest.raises(BusyError, match=r"A recorder \(pid unknown\) already runs"):
        SocketFile(place.data_dir).claim()


def test_what_a_killed_recorder_left_is_replaced(place: SocketFile) -> None:
    place.listen().close()
    assert place.connect() is None
    with place.listen(), place.claim():
        speaking = place.connect()
        assert speaking is not None
        speaking.close()


def test_a_data_folder_of_any_length_can_be_reached(tmp_path: Path) -> None:
    place = SocketFile(tmp_path / ("deep" * 20) / ("deeper" * 20))
    place.prepare()
    with place.listen() as listening:
        assert place.socket.is_socket()
        speaking = place.connect()
        assert speaking is not None
        with speaking:
            heard, _ = listening.accept()
            heard.close()


def test_a_file_in_the_sockets_place_is_nobody(place: SocketFile) -> None:
    place.socket.write_text("no socket")
    assert place.connect() is None
    with place.listen():
        assert place.socket.is_socket()


def test_the_user_knows_itself(place: SocketFile) -> None:
    with place.listen() as listening:
        speaking = place.connect()
        assert speaking is not None
        with speaking:
            heard, _ = listening.accept()
            with heard:
                assert is_own(heard)


def test_a_recorder_that_no_screen_can_reach_is_named(place: SocketFile) -> None:
    assert not is_reachable(place.data_dir)
    with place.claim():
        with pytest.raises(
            StoreError, match=rf"recorder \(pid {os.getpid()}\) runs on .* no screen can reach"
        ):
            is_reachable(place.data_dir)
        with place.listen():
            assert is_reachable(place.data_dir)
    assert not is_reachable(place.data_dir), "what a killed recorder left is no recorder"
