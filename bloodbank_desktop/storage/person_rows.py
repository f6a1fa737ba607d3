"""The persons of this workstation and their failed attempts to sign in; a person is disabled, never deleted.

The verifier lies only here, inside the encrypted file. What a person was before is told by the audit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from bloodbank_desktop.storage.tables import persons, sign_in_failures


@dataclass(frozen=True)
class PersonRow:
    """One person as kept; `own_password` says that the password was chosen by the person and by nobody else."""

    id: str
    login: str
    name: str
    roles: frozenset[str]
    verifier: str = field(repr=False)
    own_password: bool
    disabled_at: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Failures:
    """How often in a row a sign-in failed, when last, and until when it is refused unseen."""

    count: int
    last_at: datetime
    until: datetime | None


# Built once: every act of a person asks for the roles anew.
_BY_ID = select(persons).where(persons.c.id == bindparam("id"))
_BY_LOGIN = select(persons).where(persons.c.login == bindparam("login"))


def _row(found: Any) -> PersonRow:
    whole = dict(found)
    return PersonRow(
        **{
            **whole,
            "roles": frozenset(json.loads(whole["roles"])),
            "own_password": bool(whole["own_password"]),
        }
    )


def find(tx: Connection, person_id: str) -> PersonRow | None:
    """Return a person."""
    found = tx.execute(_BY_ID, {"id": person_id}).mappings().first()
    return None if found is None else _row(found)


def by_login(tx: Connection, login: str) -> PersonRow | None:
    """Return the person who signs in under this."""
    found = tx.execute(_BY_LOGIN, {"login": login}).mappings().first()
    return None if found is None else _row(found)


def load(tx: Connection) -> list[PersonRow]:
    """Return every person, disabled ones too, by login."""
    return [_row(one) for one in tx.execute(select(persons).order_by(persons.c.login)).mappings()]


def any_at_all(tx: Connection) -> bool:
    """Return whether there is a person."""
    return bool(tx.execute(select(exists().select_from(persons))).scalar())


def add(tx: Connection, row: PersonRow) -> None:
    """Add a person."""
    tx.execute(insert(persons), _columns(vars(row)))


def change(tx: Connection, person_id: str, at: datetime, **values: Any) -> None:
    """Change what is stated; login and id of a person never change."""
    tx.execute(update(persons).where(persons.c.id == person_id), _columns({**values, "changed_at": at}))


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    roles: Iterable[str] | None = values.get("roles")
    return {**values, **({} if roles is None else {"roles": json.dumps(sorted(roles))})}


def failures(tx: Connection, key: str) -> Failures | None:
    """Return the failures in a row under a key, None if there are none."""
    found = tx.execute(select(sign_in_failures).where(sign_in_failures.c.key == key)).mappings().first()
    return None if found is None else Failures(found["count"], found["last_at"], found["until"])


def keep_failures(tx: Connection, key: str, now: Failures) -> None:
    """Keep the failures in a row under a key."""
    values = vars(now)
    tx.execute(
        upsert(sign_in_failures).on_conflict_do_update(index_elements=["key"], set_=values), {"key": key, **values}
    )


def forget_failures(tx: Connection, key: str) -> None:
    """Begin to count anew."""
    tx.execute(delete(sign_in_failures).where(sign_in_failures.c.key == key))


def forget_old_failures(tx: Connection, before: datetime) -> None:
    """Drop what was counted long ago, so that mistyped logins do not pile up."""
    tx.execute(delete(sign_in_failures).where(sign_in_failures.c.last_at < before))
