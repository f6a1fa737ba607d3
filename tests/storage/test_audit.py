"""Whoever alters, removes, inserts or exchanges a row of the audit, even with the key of the file, breaks the chain there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.storage import audit
from tests.samples import request_values, stock_in_values
from tests.support import behind_the_triggers


@pytest.fixture
def busy(profile: Profile) -> Profile:
    """A profile with nine audit rows."""
    for seed in range(3):
        saved = profile.desk.register("transfusion_request", request_values(seed))
        profile.desk.view("transfusion_request", saved.record_id)
        profile.desk.register("stock_in", stock_in_values(1, seed))
    return profile


def _broken(profile: Profile) -> int | None:
    with profile.store.read() as tx:
        return audit.first_break(tx, profile.store.audit_key)


def test_untouched_chain_is_whole(busy: Profile) -> None:
    """A chain that only the program wrote has no break, and an empty one neither."""
    assert _broken(busy) is None


def _swap(connection: Any) -> None:
    columns = "at, actor, action, object, detail"
    four, five = (connection.execute(f"SELECT {columns} FROM audit WHERE seq = {seq}").fetchone() for seq in (4, 5))
    marks = ", ".join(f"{column} = ?" for column in columns.split(", "))
    connection.execute(f"UPDATE audit SET {marks} WHERE seq = 4", five)
    connection.execute(f"UPDATE audit SET {marks} WHERE seq = 5", four)


def _swap_whole(connection: Any) -> None:
    for before, after in ((4, 99), (5, 4), (99, 5)):
        connection.execute(f"UPDATE audit SET seq = {after} WHERE seq = {before}")


def _insert(connection: Any) -> None:
    for seq in range(9, 3, -1):
        connection.execute(f"UPDATE audit SET seq = {seq + 1} WHERE seq = {seq}")
    connection.execute(
        "INSERT INTO audit SELECT 4, at, actor, action, object, detail, previous, mac FROM audit WHERE seq = 3"
    )


def _run(statement: str) -> Callable[[Any], None]:
    return lambda connection: connection.execute(statement)


FORGERIES = {
    "actor altered": _run("UPDATE audit SET actor = '别人' WHERE seq = 4"),
    "time altered": _run("UPDATE audit SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 4"),
    "action altered": _run("UPDATE audit SET action = 'view' WHERE seq = 4"),
    "object altered": _run("UPDATE audit SET object = 'stock_in/x' WHERE seq = 4"),
    "detail altered": _run("UPDATE audit SET detail = '{}' WHERE seq = 4"),
    "seal altered": _run("UPDATE audit SET mac = upper(mac) WHERE seq = 4"),
    "link altered": _run("UPDATE audit SET previous = '' WHERE seq = 4"),
    "row removed": _run("DELETE FROM audit WHERE seq = 4"),
    "row removed and numbers closed up": _run(
        "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4"
    ),
    "row inserted": _insert,
    "contents exchanged": _swap,
    "rows exchanged": _swap_whole,
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=[name.replace(" ", "-") for name in FORGERIES])
def test_forgery_is_named_at_its_row(forge: Callable[[Any], None], busy: Profile) -> None:
    """Row 4 altered, removed, doubled or exchanged is found, and 4 is the number that is named."""
    with behind_the_triggers(busy.folder) as connection:
        forge(_Script(connection))
    assert _broken(busy) == 4


class _Script:
    """A connection that takes several statements at once."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statements: str, *parameters: Any) -> Any:
        found = None
        for statement in statements.split("; "):
            found = self._connection.execute(statement, *parameters)
        return found


def test_first_row_is_sealed_too(busy: Profile) -> None:
    """Cutting off the beginning of the chain is found at row 1."""
    with behind_the_triggers(busy.folder) as connection:
        connection.execute("DELETE FROM audit WHERE seq <= 2")
    assert _broken(busy) == 1


def test_chain_of_another_key_does_not_hold(busy: Profile) -> None:
    """A chain rewritten with another key than that of the file breaks at its first row."""
    with busy.store.read() as tx:
        assert audit.first_break(tx, bytes(32)) == 1


def test_chain_goes_on_after_a_refused_act(busy: Profile) -> None:
    """An act that was undone leaves no gap: the next row continues the chain."""
    with pytest.raises(ValueError, match="stop"), busy.store.write() as tx:
        audit.note(tx, busy.store.audit_key, at=busy.desk.clock.now(), actor="", action="x", object_="y")
        raise ValueError("stop")
    busy.desk.register("transfusion_request", request_values(9))
    assert _broken(busy) is None
