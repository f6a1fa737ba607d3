"""Open a profile: its key, its file, its schema – or say in one sentence why not, leaving everything as it was.

The worst answer to a missing key or a damaged file is a fresh, empty one: it looks like a working program, and the
records that waited for the platform are gone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from bloodbank_desktop import settings as settings_file
from bloodbank_desktop.clock import Clock, SystemClock, china_day
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.locks import FileLock
from bloodbank_desktop.operations import training_persons
from bloodbank_desktop.operations.arrivals import Arrivals
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.dispatch import Dispatch
from bloodbank_desktop.operations.persons import Persons
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.secrets import KeyKeeper, KeyringKey, TrainingKey
from bloodbank_desktop.settings import Settings
from bloodbank_desktop.storage import backup, facts, steps
from bloodbank_desktop.storage.connection import connect_raw, version_untouched
from bloodbank_desktop.storage.store import FILE_NAME, Store, as_known

_PROFILE_ID = "profile.id"
_FIRST_START = "first-start.lock"
#: Making the file takes a fraction of a second; a second process waits for the first.
_FIRST_START_SECONDS = 30.0


@dataclass(frozen=True)
class Profile:
    """Everything that works on one open data file; in training the desk has its trainer, else nobody until a sign-in."""

    folder: Path
    training: bool
    settings: Settings
    store: Store
    desk: Desk
    dispatch: Dispatch
    arrivals: Arrivals
    _key: bytes = field(repr=False)

    @property
    def persons(self) -> Persons:
        """Who may sign in here."""
        return self.desk.persons

    def close(self) -> None:
        """Close the data file."""
        self.desk.tables.close()
        self.store.close()

    def platform_token(self) -> str:
        """Return the credential of this machine at the platform, "" when it was never enrolled. Raises KnownProblem."""
        return KeyringKey(_profile_id(self.folder / _PROFILE_ID)).platform_token()

    def release_overdue(self) -> list[BagKey]:
        """Free every bag whose reservation has run out; return them. Raises KnownProblem."""
        # A start loads no rules; this comes after it.
        from bloodbank_desktop.operations import reservations

        return reservations.release_overdue(self.store, self.desk.clock)

    def back_up_daily(self) -> Path | None:
        """Write and verify today's backup unless there is one; return its path. Raises KnownProblem."""
        label = f"daily-{china_day(self.desk.clock.now()):%Y%m%d}"
        if any(backup.folder_of(self.store.path).glob(f"*-{label}-*.db")):
            return None
        connection = connect_raw(self.store.path, self._key)
        try:
            made = backup.make(connection, self.store.path, self._key, label=label)
        finally:
            connection.close()
        backup.thin_out(self.store.path, label="daily")
        return made


def keeper_of(folder: Path, training: bool) -> KeyKeeper:
    """Return where the key of a profile folder is kept; a hospital profile gets a name that survives a move."""
    if training:
        return TrainingKey(folder)
    name = folder / _PROFILE_ID
    if not name.exists():
        if (folder / FILE_NAME).exists():
            raise KnownProblem(
                f"找不到 {name}，无法知道用哪把密钥打开资料；请从备份放回该文件，不要删除资料文件",
                code="profile-id-lost",
            )
        fresh = name.with_suffix(".new")
        fresh.write_text(str(uuid.uuid4()), encoding="ascii")
        fresh.replace(name)
    return KeyringKey(_profile_id(name))


def _profile_id(name: Path) -> str:
    try:
        return str(uuid.UUID(name.read_text(encoding="ascii").strip()))
    except ValueError as problem:
        raise KnownProblem(
            f"{name} 的内容不对，无法知道用哪把密钥打开资料；请从备份放回该文件，不要删除资料文件",
            code="profile-id-lost",
        ) from problem


def open_profile(
    folder: Path, *, training: bool, clock: Clock | None = None, keeper: KeyKeeper | None = None
) -> Profile:
    """Return the open profile of a folder, made on first use. Raises KnownProblem; overwrites nothing."""
    clock = clock or SystemClock()
    path = folder / FILE_NAME
    settings = settings_file.load(folder)
    try:
        if not path.exists():
            _first_start(folder, training, keeper, settings)
        key = (keeper or keeper_of(folder, training)).load()
        if key is None:
            raise KnownProblem(
                f"资料文件 {path} 还在，但本机没有打开它的密钥（可能换过 Windows 账户或重装过系统）；"
                "请不要删除任何文件，联系信息科恢复密钥",
                code="key-lost",
            )
        _refuse_what_is_no_file_of_ours(path)
        _bring_up(path, key)
    except OSError as problem:
        raise KnownProblem(
            f"资料文件夹 {folder} 不能使用（{problem.strerror or problem}）；请检查磁盘空间和文件夹权限",
            code="data-folder",
        ) from problem
    store = Store(path, key, clock)
    desk = Desk(store, clock, training_persons.seat(store, clock) if training else None)
    desk.persons = Persons(store, clock, training=training)
    try:
        # Before anything is read: what the site changed in code tables is what this process shows.
        desk.tables.look()
    except BaseException:
        store.close()
        raise
    return Profile(
        folder, training, settings, store, desk, Dispatch(store, clock), Arrivals(store, clock, desk.tables), key
    )


def _first_start(folder: Path, training: bool, keeper: KeyKeeper | None, settings: Settings) -> None:
    """Make key and file, one process at a time: two that began together would each make a key the other cannot know."""
    with FileLock(folder / _FIRST_START) as lock:
        if not lock.acquire(_FIRST_START_SECONDS):
            raise KnownProblem("另一个程序正在建立资料文件，请稍候再试", code="first-start")
        path = folder / FILE_NAME
        if path.exists():
            return
        _refuse_where_a_file_was(path)
        keeper = keeper or keeper_of(folder, training)
        _make(path, keeper.load() or keeper.create(), settings)


def _refuse_where_a_file_was(path: Path) -> None:
    # A file that was moved or deleted leaves its log or its backups behind; a new one would hide that it is missing.
    traces = [path.with_name(path.name + "-wal"), *sorted(backup.folder_of(path).glob(f"{path.stem}-*.db"))]
    if left := [trace for trace in traces if trace.exists()]:
        raise KnownProblem(
            f"资料文件 {path} 不见了，而以前的文件 {left[-1].name} 还在；程序没有另建新资料，"
            "请联系信息科找回资料文件或用备份恢复",
            code="file-missing",
        )


def _refuse_what_is_no_file_of_ours(path: Path) -> None:
    if path.is_dir():
        raise KnownProblem(
            f"资料文件 {path} 的位置上是一个文件夹，程序没有改动它；请把它移到别处再启动", code="cannot-open"
        )
    # SQLite takes an empty file for a new database and would happily begin again.
    if path.stat().st_size < 4096:
        raise KnownProblem(
            f"资料文件 {path} 是空的或被截断，程序没有改动它；请联系信息科用 backups 文件夹中的备份恢复", code="damaged"
        )


def _make(path: Path, key: bytes, settings: Settings) -> None:
    """Make the file under another name and rename it when it is complete, so that no half-made file is ever found."""
    fresh = path.with_name(path.name + ".new")
    for rest in (fresh, fresh.with_name(fresh.name + "-wal"), fresh.with_name(fresh.name + "-shm")):
        rest.unlink(missing_ok=True)
    connection = _connect(fresh, key)
    try:
        steps.bring_up(connection, fresh, key)
        noted = {facts.DEVICE: new_id(), facts.INCARNATION: new_id(), facts.WORKSTATION: settings.workstation}
        connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", list(noted.items()))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except driver.Error as problem:
        raise _said(problem) from problem
    finally:
        connection.close()
    fresh.replace(path)


def _bring_up(path: Path, key: bytes) -> None:
    try:
        present = version_untouched(path, key)
    except driver.Error as problem:
        raise _said(problem) from problem
    # A file of ours gets its name only when its first step is done.
    if present == 0:
        raise KnownProblem(
            f"{path} 不是本程序的资料文件，程序没有改动它；请联系信息科找回资料文件或用备份恢复", code="not-ours"
        )
    connection = _connect(path, key)
    try:
        steps.bring_up(connection, path, key)
    except driver.Error as problem:
        raise _said(problem) from problem
    finally:
        connection.close()


def _connect(path: Path, key: bytes) -> Any:
    try:
        return connect_raw(path, key)
    except driver.Error as problem:
        raise _said(problem) from problem


def _said(problem: Exception) -> Exception:
    known = as_known(problem)
    if known is None:
        return problem
    # While opening, nothing was being saved; the sentence must not speak of saving.
    words = known.message.replace("，没有保存", "").replace("，已填内容还在", "")
    return KnownProblem(f"打不开资料：{words}", code=known.code)
