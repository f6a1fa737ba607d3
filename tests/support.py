"""What tests below the screen share: a clock that obeys, and a real encrypted profile in a folder with an awkward name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver
from sqlalchemy import event, text

from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import OPERATOR, Values
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.overriding import EMPTY, Passage
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.storage import person_rows, site_rows
from bloodbank_desktop.storage.person_rows import PersonRow
from bloodbank_desktop.storage.store import FILE_NAME, Store
from tests.samples import NOW

#: Chinese and a blank, because such is the home folder of half the workstations.
FOLDER = "输血科 资料"


class FakeClock:
    """A clock that stands still until told; `monotonic` follows it."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def advance(self, **interval: float) -> None:
        """Go on (or back) by the parts of a timedelta."""
        self.at += timedelta(**interval)


class StandIn(Desk):
    """The real desk with whoever a record names standing beside it: the operator saves, a second person signs.

    The rules of signing have tests of their own (tests/operations/test_signing.py); everywhere else two people at one
    screen are a matter of course.
    """

    def register(self, kind: str, values: Values, *, draft: str | None = None, passage: Passage = EMPTY) -> Saved:
        signed, second = self._signed(kind, values)
        return super().register(kind, signed, draft=draft, passage=replace(passage, second=passage.second or second))

    def judge(
        self, kind: str, values: Values, *, second: Signature | None = None, before: Values | None = None
    ) -> tuple[dict[str, Any], list[Problem]]:
        signed, other = self._signed(kind, values) if before is None else (values, None)
        return super().judge(kind, signed, second=second or other, before=before)

    def _signed(self, kind: str, values: Values) -> tuple[Values, Signature | None]:
        whole, second = dict(values), None
        for f in record_type(kind).signed:
            name = whole.get(f.key)
            if f.signed == OPERATOR:
                whole[f.key] = name and self.operator
            elif name:
                beside = Person(f"beside {name}", f"beside-{name}", name, frozenset({"viewer"}))
                second = Signature(beside, f.signed, self.clock.now())
        return whole, second


def open_store(parent: Path, clock: FakeClock | None = None) -> Profile:
    """Return the open training profile in a folder below `parent`, made if need be; the caller closes it."""
    folder = parent / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    profile = open_profile(folder, training=True, clock=clock or FakeClock())
    seat(profile)
    return profile


def seat(profile: Profile, name: str = "训练甲", *roles: str) -> Person:
    """Let a person of this name with these roles act, all of them if none is named, and return that person."""
    held = frozenset(roles or table("role"))
    login = f"test-{name}"
    with profile.store.write() as tx:
        row = person_rows.by_login(tx, login)
        if row is None:
            now = profile.desk.clock.now()
            row = PersonRow(new_id(), login, name, held, "", True, None, now, now)
            person_rows.add(tx, row)
        elif row.roles != held:
            person_rows.change(tx, row.id, row.changed_at, roles=held)
    profile.desk.__class__ = StandIn
    profile.desk.person = Person(row.id, login, name, held)
    return profile.desk.person


def allow_solo_duty(profile: Profile) -> None:
    """Let this hospital have people who are alone on duty."""
    with profile.store.write() as tx:
        now = profile.desk.clock.now()
        site_rows.switch(tx, site_rows.Switched("solo_duty", "allowed", "夜班只有一人", now, "训练主任"))


def nobody(profile: Profile) -> None:
    """Let nobody act."""
    profile.desk.person = None


def key_of(folder: Path) -> bytes:
    """Return the key of a training profile folder."""
    key = TrainingKey(folder).load()
    assert key is not None
    return key


@contextmanager
def bare(folder: Path) -> Iterator[Any]:
    """Give a connection such as any tool with the key would have: no settings of the program, every statement commits."""
    connection = driver.connect(str(folder / FILE_NAME), isolation_level=None)
    try:
        connection.execute(f"PRAGMA key = \"x'{key_of(folder).hex()}'\"")
        yield connection
    finally:
        connection.close()


@contextmanager
def behind_the_triggers(folder: Path) -> Iterator[Any]:
    """Give a bare connection to a file whose triggers are away for the time being, as a forger would work."""
    with bare(folder) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)


def census(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table of ours, for comparing before and after; the trace of a refusal is left out."""
    with store.read() as tx:
        names = tx.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%' AND name != 'alerts'")
        ).scalars()
        whole = {name: [tuple(row) for row in tx.execute(text(f'SELECT * FROM "{name}"'))] for name in names.all()}
        whole["audit"] = [row for row in tx.execute(text("SELECT * FROM audit WHERE action != 'refused'"))]
        return {name: [tuple(row) for row in rows] for name, rows in whole.items()}


def pragma_everywhere(store: Store, *pragmas: str) -> None:
    """Set pragmas on every connection that the store takes from now on."""

    def set_them(connection: Any, record: object, proxy: object) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()

    event.listen(store.engine, "checkout", set_them)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a folder, for a comparison byte by byte."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


#: What a refused statement raises; the driver's errors are not those of the standard library.
REFUSED = (driver.Error, sqlite3.Error)
