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
from bloodbank_desktop.operations.arrivals import Arrivals
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.dispatch import Dispatch
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.secrets import KeyKeeper, KeyringKey, TrainingKey
from bloodbank_desktop.settings import Settings
from bloodbank_desktop.storage import backup, facts, steps
from bloodbank_desktop.storage.engine import connect_raw
from bloodbank_desktop.storage.store import FILE_NAME, Store, as_known

_PROFILE_ID = "profile.id"


@dataclass(frozen=True)
class Profile:
    """Everything that works on one open data file."""

    folder: Path
    training: bool
    settings: Settings
    store: Store
    desk: Desk
    dispatch: Dispatch
    arrivals: Arrivals
    _key: bytes = field(repr=False)

    def close(self) -> None:
        """Close the data file."""
        self.store.close()

    def platform_token(self) -> str:
        """Return the credential of this machine at the platform, "" when it was never enrolled. Raises KnownProblem."""
        return KeyringKey((self.folder / _PROFILE_ID).read_text(encoding="ascii").strip()).platform_token()

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
        name.write_text(str(uuid.uuid4()), encoding="ascii")
    return KeyringKey(name.read_text(encoding="ascii").strip())


def open_profile(
    folder: Path, *, training: bool, clock: Clock | None = None, keeper: KeyKeeper | None = None
) -> Profile:
    """Return the open profile of a folder, made on first use. Raises KnownProblem; overwrites nothing."""
    clock = clock or SystemClock()
    path = folder / FILE_NAME
    settings = settings_file.load(folder)
    try:
        keeper = keeper or keeper_of(folder, training)
        key = keeper.load()
        if path.exists():
            if key is None:
                raise KnownProblem(
                    f"资料文件 {path} 还在，但本机没有打开它的密钥（可能换过 Windows 账户或重装过系统）；"
                    "请不要删除任何文件，联系信息科恢复密钥",
                    code="key-lost",
                )
            _refuse_what_is_no_file_of_ours(path)
        else:
            key = key or keeper.create()
            _make(path, key, settings)
        _bring_up(path, key)
    except OSError as problem:
        raise KnownProblem(
            f"资料文件夹 {folder} 不能使用（{problem.strerror or problem}）；请检查磁盘空间和文件夹权限",
            code="data-folder",
        ) from problem
    store = Store(path, key, clock)
    return Profile(
        folder, training, settings, store, Desk(store, clock), Dispatch(store, clock), Arrivals(store, clock), key
    )


def _refuse_what_is_no_file_of_ours(path: Path) -> None:
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
    return KnownProblem(f"打不开资料：{known.message}", code=known.code)
