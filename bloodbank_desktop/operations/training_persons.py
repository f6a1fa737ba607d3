"""The synthetic persons of the training mode, one of every role and 训练员 with all working roles; no secret at all.

Their password is printed in the help. Their verifiers are made beforehand with the product's own cost, so that the first
opening does not wait for them; a real file never gets any of them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.rules.persons import Person
from bloodbank_desktop.storage import person_rows
from bloodbank_desktop.storage.person_rows import PersonRow
from bloodbank_desktop.storage.store import Store

#: Who acts in the training mode until somebody else signs in.
TRAINER = "xl"


@cache
def _whole() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(resource("training", "persons.json").read_text(encoding="utf-8"))
    return whole


def password() -> str:
    """Return the password that all of them have."""
    return str(_whole()["password"])


def known() -> dict[str, tuple[str, frozenset[str]]]:
    """Return name and roles of each by login."""
    return {entry["key"]: (entry["word"], frozenset(entry["roles"])) for entry in _whole()["entries"]}


def seat(store: Store, clock: Clock) -> Person | None:
    """Put them into a file that has nobody yet, and return who acts first; None when that one is disabled."""
    with store.read() as tx:
        row = person_rows.by_login(tx, TRAINER)
    if row is None:
        with store.write() as tx:
            if not person_rows.any_at_all(tx):
                now = clock.now()
                for one in _whole()["entries"]:
                    roles = frozenset(one["roles"])
                    made = PersonRow(new_id(), one["key"], one["word"], roles, one["verifier"], True, None, now, now)
                    person_rows.add(tx, made)
            row = person_rows.by_login(tx, TRAINER)
    if row is None or row.disabled_at is not None:
        return None
    return Person(row.id, row.login, row.name, row.roles)
