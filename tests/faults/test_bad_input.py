"""Whatever lies where the data should be, the person is told what to do, and not a byte of it is changed.

Each case is tried on the function and on the command line as a process; the window is in test_window_messages.py.
"""

from __future__ import annotations

import base64
import json
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2 as driver

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import to_json
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.storage.store import FILE_NAME
from tests.faults.tiny import TinyServer, http
from tests.faults.words import Said, word
from tests.samples import stock_in_values
from tests.support import FakeClock, files_of, key_of, seat

#: Who acts on the command line where nobody is named, and the login and name of who signs beside.
TRAINER, BESIDE = "训练员", ("wu", "训练戊")
HANDICAP = (sys.executable, "-m", "tests.faults.handicap")
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the handicap is one of Linux")

_png = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose training profile holds five deliveries, to be copied and spoilt."""
    folder = tmp_path_factory.mktemp("输血科 数据")
    (folder / "training").mkdir()
    profile = open_profile(folder / "training", training=True, clock=FakeClock())
    seat(profile)
    for seed in range(5):
        profile.desk.register("stock_in", stock_in_values(5, seed))
    profile.close()
    return folder


@pytest.fixture
def data(template: Path, tmp_path: Path) -> Path:
    """A copy of the template for one test; the profile lies in its folder training."""
    shutil.copytree(template, tmp_path / "数据 一")
    return tmp_path / "数据 一"


def _spoil(change: Callable[[bytearray], object]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        content = bytearray((folder / FILE_NAME).read_bytes())
        change(content)
        (folder / FILE_NAME).write_bytes(content)

    return spoil


def _replace(content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / FILE_NAME).write_bytes(content)


def _plain(folder: Path) -> None:
    (folder / FILE_NAME).unlink()
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.execute("CREATE TABLE stock_in (_id TEXT)")
    connection.execute("INSERT INTO stock_in VALUES (hex(zeroblob(9000)))")
    connection.commit()
    connection.close()


def _ciphered(pragma_of: Callable[[Path], str]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / FILE_NAME).unlink()
        connection = driver.connect(str(folder / FILE_NAME))
        connection.execute(f"PRAGMA key = {pragma_of(folder)}")
        connection.execute("CREATE TABLE other (a TEXT)")
        connection.commit()
        connection.close()

    return make


def _moved(folder: Path) -> None:
    (folder / "backups").mkdir()
    (folder / FILE_NAME).rename(folder / "backups" / "bloodbank-daily-20261123-001.db")


def _log_only(folder: Path) -> None:
    (folder / FILE_NAME).rename(folder / f"{FILE_NAME}-wal")


def _a_folder(folder: Path) -> None:
    (folder / FILE_NAME).unlink()
    (folder / FILE_NAME).mkdir()


SPOILT: dict[str, tuple[str, Callable[[Path], object]]] = {
    "first page flipped": ("not-ours", _spoil(lambda content: content.__setitem__(30, content[30] ^ 1))),
    "cut in the middle": ("damaged", _spoil(lambda content: content.__delitem__(slice(20_000, None)))),
    "cut to nothing": ("damaged", _replace(b"")),
    "cut to a few bytes": ("damaged", _replace(b"SQLite format 3\0")),
    "plain SQLite": ("not-ours", _plain),
    "SQLCipher with another key": ("not-ours", _ciphered(lambda folder: "'some other programme'")),
    "SQLCipher of something else": ("not-ours", _ciphered(lambda folder: f"\"x'{key_of(folder).hex()}'\"")),
    "picture": ("not-ours", _replace(_png)),
    "zeros": ("not-ours", _replace(bytes(40_960))),
    "folder": ("cannot-open", _a_folder),
    "key lost": ("key-lost", lambda folder: (folder / "training.key").unlink()),
    "key of another": (
        "not-ours",
        lambda folder: (folder / "training.key").write_bytes(base64.b64encode(bytes(32))),
    ),
    "key damaged": ("key-damaged", lambda folder: (folder / "training.key").write_bytes("钥匙".encode())),
    "key empty": ("key-damaged", lambda folder: (folder / "training.key").write_bytes(b"")),
    "settings damaged": ("settings-damaged", lambda folder: (folder / "settings.json").write_bytes(b"{")),
    "file moved away": ("file-missing", _moved),
    "log without file": ("file-missing", _log_only),
    "newer version": ("file-newer", lambda folder: _version(folder, 9999)),
}


def _version(folder: Path, number: int) -> None:
    connection = driver.connect(str(folder / FILE_NAME))
    connection.execute(f"PRAGMA key = \"x'{key_of(folder).hex()}'\"")
    connection.execute(f"PRAGMA user_version = {number}")
    connection.close()


def _kept(folder: Path) -> dict[str, bytes]:
    """Everything in the folder but the empty lock of a first start."""
    return {name: content for name, content in files_of(folder).items() if name != "first-start.lock"}


@pytest.mark.parametrize(("code", "spoil"), SPOILT.values(), ids=[name.replace(" ", "-") for name in SPOILT])
def test_what_is_not_our_file_is_told_and_left_alone(code: str, spoil: Callable[[Path], object], data: Path) -> None:
    """Function and command line say in Chinese what to do, and every file stays byte for byte."""
    folder = data / "training"
    spoil(folder)
    before = _kept(folder)
    with pytest.raises(KnownProblem) as caught:
        open_profile(folder, training=True, clock=FakeClock())
    assert caught.value.code == code
    assert "请" in caught.value.message
    assert _kept(folder) == before
    said = word(data, "queue")
    assert (said.code, said.answer, said.codes) == (1, None, [code])
    assert said.words == caught.value.message
    assert _kept(folder) == before


def test_damage_further_back_is_told_when_it_is_met(data: Path) -> None:
    """A page that cannot be read is named by `verify`, and what does not need it still works; nothing is written."""
    path = data / "training" / FILE_NAME
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = bytes(4096)
    path.write_bytes(content)
    before = files_of(data / "training")
    said = word(data, "verify")
    assert (said.code, said.answer["ok"]) == (1, False)
    assert set(said.codes) == {"file-damaged"}
    assert list(said.problems) == said.answer["problems"]
    assert "备份" in said.words
    assert files_of(data / "training") == before


@pytest.mark.parametrize(
    "backend",
    ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "tests.faults.keyrings.Notebook"],
    ids=["missing", "null", "plain-text"],
)
def test_hospital_profile_needs_a_safe_keyring(backend: str, tmp_path: Path) -> None:
    """A real profile does not start where the key would lie readable or nowhere, and makes no file; training does."""
    said = word(tmp_path, "queue", training=False, extra={"PYTHON_KEYRING_BACKEND": backend})
    assert (said.code, said.codes) == (1, ["no-safe-keyring"])
    assert "请联系信息科" in said.words
    assert not (tmp_path / "hospital" / FILE_NAME).exists()


def test_hospital_profile_without_its_keyring_is_left_alone(tmp_path: Path) -> None:
    """A real profile whose keyring is gone, as after a change of the Windows account, is refused and stays as it is."""
    folder = tmp_path / "hospital"
    folder.mkdir()
    open_profile(folder, training=False, clock=FakeClock(), keeper=TrainingKey(tmp_path)).close()
    (folder / "profile.id").write_text("12345678-1234-4234-8234-123456789012", encoding="ascii")
    before = files_of(folder)
    said = word(tmp_path, "queue", training=False, extra={"PYTHON_KEYRING_BACKEND": "tests.faults.keyrings.Notebook"})
    assert (said.code, said.codes) == (1, ["no-safe-keyring"])
    assert files_of(folder) == before


# -- disk and permissions ------------------------------------------------------------------------------------------


@pytest.fixture
def new_delivery(tmp_path: Path) -> Path:
    """The JSON of a delivery of thirty bags that arrives today, received by the trainer and checked by who signs."""
    file = tmp_path / "入库.json"
    values = stock_in_values(30, 50, now=SystemClock().now(), receiver=TRAINER, checker=BESIDE[1])
    file.write_text(json.dumps(to_json(record_type("stock_in"), values), ensure_ascii=False), encoding="utf-8")
    return file


def _total(said: Said) -> Any:
    assert said.code == 0, said
    return said.answer["total"]


@linux_only
def test_full_disk_saves_nothing_and_loses_nothing(data: Path, new_delivery: Path) -> None:
    """With no room for the log `register` says so, nothing half is there, and it works when there is room again."""
    said = word(data, "register", "stock_in", new_delivery, "--second", BESIDE[0], before=(*HANDICAP, "disk=60000"))
    assert (said.code, said.answer) == (1, None)
    assert said.codes in (["disk-error"], ["disk-full"])
    assert "没有保存；请" in said.words
    assert word(data, "verify").code == 0
    assert _total(word(data, "list", "stock_in")) == 5
    assert word(data, "register", "stock_in", new_delivery, "--second", BESIDE[0]).code == 0
    assert _total(word(data, "list", "stock_in")) == 6


@linux_only
@pytest.mark.parametrize("size", [10, 20_000, 100_000])
def test_full_disk_at_the_first_start(size: int, tmp_path: Path) -> None:
    """A disk that fills up while the file is made leaves no half-made file behind, and the next start works."""
    said = word(tmp_path, "queue", before=(*HANDICAP, f"disk={size}"))
    assert (said.code, said.answer) == (1, None)
    assert "请检查磁盘空间" in said.words
    assert not (tmp_path / "training" / FILE_NAME).exists()
    assert word(tmp_path, "verify").code == 0


@linux_only
def test_read_only_folder_is_told_and_left_alone(data: Path, new_delivery: Path) -> None:
    """In a folder without the right to write every word says so, and not a byte is changed; afterwards all is there."""
    folder = data / "training"
    register = ("register", "stock_in", str(new_delivery), "--second", BESIDE[0])
    before = files_of(folder)
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    try:
        for words in (("queue",), register, ("sync", "--once")):
            said = word(data, *words, before=(*HANDICAP, "obedient"))
            assert (said.code, said.answer, said.codes) == (1, None, ["read-only"])
            assert "请信息科检查文件夹权限" in said.words
        below = word(folder / "下级", "queue", before=(*HANDICAP, "obedient"))
        assert (below.code, below.codes) == (1, ["data-folder"])
        assert "请检查磁盘和写入权限" in below.words
    finally:
        folder.chmod(0o755)
        for file in folder.iterdir():
            file.chmod(0o644)
    assert files_of(folder) == before
    assert word(data, *register).code == 0


def test_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """A data folder that is a file is a sentence, and the file stays."""
    (tmp_path / "file").write_bytes(b"kept")
    said = word(tmp_path / "file", "queue")
    assert (said.code, said.codes) == (1, ["data-folder"])
    assert (tmp_path / "file").read_bytes() == b"kept"


# -- platforms that are none ---------------------------------------------------------------------------------------

PORTAL = http("<html><title>登录上网</title>请登录</html>".encode(), kind="text/html; charset=utf-8")


@pytest.mark.parametrize(
    "answer",
    [
        PORTAL,
        http(b"<html>502</html>", status="502 Bad Gateway", kind="text/html"),
        http(b"", status="302 Found", kind="text/html", extra="Location: http://localhost:1/login\r\n"),
        http(b"<html>", kind="application/json"),
        b"nothing like HTTP\r\n\r\n",
    ],
    ids=["portal", "gateway", "redirect", "html-called-json", "not-http"],
)
def test_platform_that_answers_html_takes_nothing(answer: bytes, data: Path) -> None:
    """A portal in place of the platform: `sync` says so, everything still waits, and the queue shows why."""
    with TinyServer(answer) as server:
        said = word(data, "sync", "--once", "--platform", server.url)
    assert (said.code, said.answer["success"], said.answer["sent"]) == (1, False, 0)
    assert len(said.codes) == 1
    assert said.answer["error"] == said.words
    assert any(character >= "\u4e00" for character in said.words)
    queue = word(data, "queue").answer
    assert (queue["waiting"], queue["trouble"]) == (5, said.words)
    assert {(row["state"], row["reason"]) for row in queue["rows"]} == {("pending", said.words)}
    assert word(data, "verify").code == 0


def test_address_that_is_none_is_told(data: Path) -> None:
    """An address without a platform behind it, or that must not be used, is a sentence; everything still waits."""
    for address in ("http://localhost:1", "http://platform.example", "http://["):
        said = word(data, "sync", "--once", "--platform", address)
        assert said.code == 1, address
        assert any(character >= "\u4e00" for character in said.words), address
    assert word(data, "queue").answer["waiting"] == 5


def test_trouble_is_forgotten_when_it_is_over(data: Path) -> None:
    """After a run that reached the platform the queue no longer speaks of the trouble before."""
    with TinyServer(PORTAL) as server:
        word(data, "sync", "--once", "--platform", server.url)
    assert word(data, "queue").answer["trouble"]
    # Registered in the past, so that the platform of the training, which knows the real time, takes them.
    assert word(data, "sync", "--once").answer["accepted"] == 5
    assert word(data, "queue").answer["trouble"] == ""
