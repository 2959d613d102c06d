from __future__ import annotations

import importlib
import os
import pkgutil
import stat
import sys
from pathlib import Path

import grimp
import pytest
from numba.core.dispatcher import Dispatcher

import engine
from engine.jit.folder import (
    KEPT,
    PACKAGE,
    SOURCES,
    candidates,
    digest_of,
    first_usable,
    hold,
    make_private,
)

NOBODY = 65534

only_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder to somebody else"
)
posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system knows no owners")


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class TestCandidates:
    def test_beside_the_sources_comes_before_the_person_s_own(self, tmp_path: Path) -> None:
        own = tmp_path / "spymon"
        assert candidates(Path("/package"), "", own) == [
            Path("/package/__pycache__/compiled"),
            own / "compiled",
        ]

    def test_a_named_folder_comes_first(self, tmp_path: Path) -> None:
        assert candidates(Path("/package"), "/named", tmp_path)[0] == Path("/named/spymon-compiled")

    def test_without_a_home_there_is_no_folder_of_one_s_own(self) -> None:
        assert candidates(Path("/package"), "", Path("~/.cache/spymon")) == [
            Path("/package/__pycache__/compiled")
        ]

    @posix
    def test_a_folder_that_everybody_writes_is_nobody_s_own(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o1777)
        assert tmp_path / "spymon/compiled" not in candidates(Path("/package"), "", tmp_path / "spymon")

    @only_root
    def test_somebody_else_s_cache_folder_is_left_alone(self, tmp_path: Path) -> None:
        os.chown(tmp_path, NOBODY, NOBODY)
        assert tmp_path / "spymon/compiled" not in candidates(Path("/package"), "", tmp_path / "spymon")


class TestUsable:
    def test_it_is_made_for_its_owner_only(self, tmp_path: Path) -> None:
        folder = tmp_path / "spymon" / "compiled"
        assert first_usable([folder]) == folder
        assert [stat.S_IMODE(each.stat().st_mode) for each in (folder.parent, folder)] == [0o700, 0o700]

    def test_what_cannot_be_written_is_passed_over(self, tmp_path: Path) -> None:
        in_the_way = written(tmp_path / "file", "")
        assert first_usable([in_the_way / "compiled", tmp_path / "own"]) == tmp_path / "own"
        assert first_usable([in_the_way / "compiled"]) is None

    @posix
    def test_a_link_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "link").symlink_to("elsewhere")
        with pytest.raises(PermissionError, match="link is no folder of our own"):
            make_private(tmp_path / "link")

    @posix
    def test_a_folder_that_everybody_writes_is_refused(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o777)
        with pytest.raises(PermissionError):
            make_private(tmp_path)

    @only_root
    def test_somebody_else_s_folder_is_refused(self, tmp_path: Path) -> None:
        os.chown(tmp_path, NOBODY, NOBODY)
        with pytest.raises(PermissionError):
            make_private(tmp_path)


class TestDigest:
    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        for name in (
            "fold/step.py",
            "fold/rules/sweep.py",
            "feeds/massive/wire/scan.py",
            "session/monitor.py",
        ):
            written(tmp_path / name, f"# {name}")
        return tmp_path

    @pytest.mark.parametrize("name", ["fold/step.py", "fold/rules/sweep.py", "feeds/massive/wire/scan.py"])
    def test_a_change_in_any_compiled_source_changes_it(self, package: Path, name: str) -> None:
        before = digest_of(package, ["1"])
        written(package / name, "# changed")
        assert digest_of(package, ["1"]) != before

    def test_so_do_a_new_source_a_renamed_one_and_another_compiler(self, package: Path) -> None:
        seen = [digest_of(package, ["1"]), digest_of(package, ["2"])]
        written(package / "model/events.py", "")
        seen.append(digest_of(package, ["1"]))
        (package / "model/events.py").rename(package / "model/other.py")
        seen.append(digest_of(package, ["1"]))
        assert len(set(seen)) == 4

    def test_what_is_not_compiled_may_change(self, package: Path) -> None:
        before = digest_of(package, ["1"])
        written(package / "session/monitor.py", "# changed")
        assert digest_of(package, ["1"]) == before

    def test_without_sources_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            digest_of(tmp_path, ["1"])

    def test_every_compiled_module_and_all_that_it_imports_is_in_it(self) -> None:
        for module in pkgutil.walk_packages(engine.__path__, "engine."):
            importlib.import_module(module.name)
        compiled = {
            each.py_func.__module__
            for name, module in list(sys.modules.items())
            if name.startswith("engine.")
            for each in vars(module).values()
            if isinstance(each, Dispatcher)
        }
        graph = grimp.build_graph("engine")
        needed = compiled.union(*(graph.find_upstream_modules(name) for name in compiled))
        sources = {path for pattern in SOURCES for path in PACKAGE.glob(pattern)}
        names = {
            ".".join(("engine", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
            for path in sources
        }
        assert needed <= names
        assert "engine.fold.step" in compiled


class TestHold:
    @staticmethod
    def old(root: Path, name: str, used: int) -> Path:
        folder = written(root / name / "engine.fold.step" / "step.nbc", "code").parents[1]
        os.utime(folder, (used, used))
        return folder

    def test_a_digest_s_folder_is_made_for_its_owner_only(self, tmp_path: Path) -> None:
        folder = hold(tmp_path, "digest")
        assert folder == tmp_path / "digest"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_those_used_longest_ago_are_deleted(self, tmp_path: Path) -> None:
        old = [self.old(tmp_path, f"digest-{used}", used) for used in range(5)]
        new = hold(tmp_path, "new")
        assert [folder for folder in old if folder.exists()] == old[-(KEPT - 1) :]
        assert new.exists()

    @posix
    def test_one_that_a_running_process_uses_stays(self, tmp_path: Path) -> None:
        held = hold(tmp_path, "held")
        old = [self.old(tmp_path, f"digest-{used}", used) for used in range(1, 4)]
        os.utime(held, (0, 0))
        hold(tmp_path, "new")
        assert held.exists()
        assert not old[0].exists()

    def test_one_that_is_used_again_is_the_newest(self, tmp_path: Path) -> None:
        old = [self.old(tmp_path, f"digest-{used}", used) for used in range(5)]
        hold(tmp_path, old[0].name)
        assert [folder for folder in old if folder.exists()] == [old[0], *old[-(KEPT - 1) :]]
