"""The program that cannot start says why in a dialog before it ends with exit code 1, and touches nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.locks import FileLock
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.settings import Settings, save
from bloodbank_desktop.storage.store import FILE_NAME
from tests.faults.tiny import TinyServer, http
from tests.faults.until import until
from tests.faults.words import ROOT, SECONDS, environment
from tests.samples import request_values
from tests.support import FakeClock, files_of

DRIVER = (sys.executable, "-m", "tests.faults.window_driver")


def start(folder: Path, mode: str = "training", end: str = "end", before: Sequence[str] = (), **extra: str) -> Any:
    """Start the program with its window."""
    return subprocess.Popen(
        [*before, *DRIVER, str(folder), mode, end],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
        env=environment(extra),
    )


def ended(process: Any) -> list[dict[str, Any]]:
    """Wait for the end and return what was said; nothing may stand on stderr."""
    out, err = process.communicate(timeout=SECONDS)
    # What the platform plug-in says of itself.
    lines = [line for line in err.splitlines() if "This plugin does not support" not in line]
    assert (process.returncode, lines) == (0, [])
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose training profile holds one request."""
    (tmp_path / "training").mkdir()
    profile = open_profile(tmp_path / "training", training=True, clock=FakeClock())
    profile.desk.register("transfusion_request", request_values(1))
    profile.close()
    return tmp_path


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "picture": (lambda folder: (folder / FILE_NAME).write_bytes(b"\x89PNG\r\n\x1a\n" * 2000), "不要删除任何文件"),
    "cut": (lambda folder: (folder / FILE_NAME).write_bytes(b""), "backups"),
    "key-lost": (lambda folder: (folder / "training.key").unlink(), "联系信息科恢复密钥"),
    "settings": (lambda folder: (folder / "settings.json").write_bytes(b"{"), "settings.json"),
    "moved": (lambda folder: (folder / FILE_NAME).rename(folder / f"{FILE_NAME}-wal"), "不见了"),
}


@pytest.mark.parametrize(("spoil", "words"), SPOILT.values(), ids=list(SPOILT))
def test_window_says_why_it_does_not_start(spoil: Callable[[Path], object], words: str, data: Path) -> None:
    """One dialog with one button says what to do, the program ends with 1, and every file is as it was."""
    folder = data / "training"
    spoil(folder)
    before = files_of(folder)
    told = ended(start(data))
    assert [list(one) for one in told] == [["told", "name", "button"], ["code"]], told
    assert words in told[0]["told"] and "请" in told[0]["told"]
    assert (told[0]["name"], told[0]["button"], told[1]["code"]) == ("dialog.problem", "关闭", 1)
    after = {name: content for name, content in files_of(folder).items() if Path(name).suffix != ".lock"}
    assert after == {name: content for name, content in before.items() if Path(name).suffix != ".lock"}


def test_window_without_a_safe_keyring_says_so(tmp_path: Path) -> None:
    """A hospital's program without a safe keyring says so, and no data file is made."""
    told = ended(start(tmp_path, "hospital", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring"))
    assert "请联系信息科启用" in told[0]["told"]
    assert told[-1] == {"code": 1}
    assert not (tmp_path / "hospital" / FILE_NAME).exists()


def test_data_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    """A data folder that cannot be is said."""
    (tmp_path / "file").write_bytes(b"kept")
    told = ended(start(tmp_path / "file"))
    assert "无法建立数据文件夹" in told[0]["told"]
    assert told[-1] == {"code": 1}
    assert (tmp_path / "file").read_bytes() == b"kept"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the handicap is one of Linux")
def test_read_only_folder_is_said(data: Path) -> None:
    """A folder without the right to write is said, and nothing in it is changed."""
    folder = data / "training"
    before = files_of(folder)
    folder.chmod(0o555)
    try:
        told = ended(start(data, before=(sys.executable, "-m", "tests.faults.handicap", "obedient")))
    finally:
        folder.chmod(0o755)
    assert "请检查磁盘空间和权限" in told[0]["told"]
    assert told[-1] == {"code": 1}
    assert files_of(folder) == before


def test_second_window_is_refused_and_touches_nothing(data: Path) -> None:
    """While another process has the window of this data, a second one says so, ends with 1 and changes not a byte."""
    with FileLock(data / "training" / "window.lock") as lock:
        assert lock.acquire()
        before = {name: content for name, content in files_of(data).items() if not name.endswith(".lock")}
        told = ended(start(data))
        assert "已经打开" in told[0]["told"]
        assert told[-1] == {"code": 1}
        assert {name: content for name, content in files_of(data).items() if not name.endswith(".lock")} == before


def test_first_window_works_on_beside_a_refused_second(data: Path) -> None:
    """Two real programs: the first opens, the second is refused, the first ends in order, and then another may open."""
    first = start(data, end="stay")
    assert json.loads(first.stdout.readline()) == {"opened": str(data / "training")}
    second = ended(start(data))
    assert "请在任务栏中找到它" in second[0]["told"]
    assert second[-1] == {"code": 1}
    assert ended(first)[-1] == {"code": 0}
    assert ended(start(data)) == [{"opened": str(data / "training")}, {"code": 0}]


def test_reason_that_the_window_shows_stands_in_the_queue(data: Path) -> None:
    """While the window meets a portal instead of the platform, the queue of the file says why nothing travels."""
    portal = http("<html>请登录</html>".encode(), kind="text/html")
    with TinyServer(portal) as server:
        save(data / "training", Settings(platform_url=server.url))
        program = start(data, end="stay")
        assert list(json.loads(program.stdout.readline())) == ["opened"]
        profile = open_profile(data / "training", training=True, clock=FakeClock())
        until(lambda: profile.desk.queue.summary().trouble, "the reason in the queue", 30)
        trouble = profile.desk.queue.summary().trouble
        assert any(character >= "\u4e00" for character in trouble)
        assert profile.desk.queue.summary().waiting == 1
        profile.close()
        assert ended(program)[-1] == {"code": 0}


def test_window_closed_while_the_network_is_still_being_connected_ends_in_order(data: Path) -> None:
    """A window that is closed before its network lane is ready leaves no lane, no lock and no error behind."""
    for end in ("midway", "end", "midway"):
        assert ended(start(data, end=end)) == [{"opened": str(data / "training")}, {"code": 0}]
        with FileLock(data / "training" / "sync.lock") as lock:
            assert lock.acquire()
