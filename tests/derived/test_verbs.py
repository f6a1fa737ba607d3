"""What a declaration does not allow cannot be done: refused by the operations, and by the data file itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.declare import RecordType, Verb
from tests.derived.fields import APPEND_ONLY, FORBIDDEN, MODULES, variants
from tests.support import REFUSED, bare, census, open_store


def _acts(profile: Profile, module: RecordType, record_id: str) -> dict[Verb, Callable[[], object]]:
    desk, whole = profile.desk, variants(module)[0]
    return {
        Verb.REGISTER: lambda: desk.register(module.key, whole),
        Verb.AMEND: lambda: desk.amend(module.key, record_id, whole),
        Verb.VIEW: lambda: desk.view(module.key, record_id),
        Verb.DELETE: lambda: desk.delete(module.key, record_id),
    }


@pytest.mark.parametrize(("module", "verb"), FORBIDDEN, ids=lambda one: getattr(one, "key", one))
def test_verb_that_is_not_declared_is_refused(module: RecordType, verb: Verb, shared: Profile) -> None:
    """An act that the module does not know is refused in words and changes nothing."""
    saved = shared.desk.register(module.key, variants(module)[0])
    before = census(shared.store)
    with pytest.raises(KnownProblem, match=module.label) as caught:
        _acts(shared, module, saved.record_id)[verb]()
    assert caught.value.code == "verb-not-allowed"
    assert census(shared.store) == before


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_verbs_that_are_declared_work(module: RecordType, shared: Profile) -> None:
    """Every declared act can be done, the deletion last, so that the refusals above are not a broken desk."""
    acts = _acts(shared, module, shared.desk.register(module.key, variants(module)[0]).record_id)
    for verb in (Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE):
        if verb in module.verbs:
            acts[verb]()


def test_unknown_module_is_refused(shared: Profile) -> None:
    """A module that does not exist is refused by naming those that do."""
    with pytest.raises(KnownProblem, match="stock_in（血袋入库）") as caught:
        shared.desk.register("no_such_module", {})
    assert caught.value.code == "unknown-module"


# -- the file itself -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """A profile in which each module has two records, one of them changed or looked at."""
    profile = open_store(tmp_path_factory.mktemp("kept"))
    for module in MODULES:
        for _ in range(2):
            saved = profile.desk.register(module.key, variants(module)[0])
        profile.desk.view(module.key, saved.record_id)
        if Verb.AMEND in module.verbs:
            profile.desk.amend(module.key, saved.record_id, variants(module)[0])
    yield profile
    profile.close()


def _row(connection: Any, table: str) -> dict[str, Any]:
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY 1 LIMIT 1")
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def _insert(connection: Any, word: str, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    connection.execute(f"{word} INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))


def _sealed_tables() -> list[tuple[str, str, str]]:
    found = [("ledger", "seq", "actor"), ("audit", "seq", "actor"), ("revisions", "seq", "body")]
    for module in APPEND_ONLY:
        first = module.plain[0].key
        found.append((module.key, "_seq", first))
        found += [(f"{module.key}__{group.key}", "_seq", of.plain[0].key) for group, of in module.groups]
    return found


SEALED = _sealed_tables()


@pytest.mark.parametrize(("table", "key", "column"), SEALED, ids=[table for table, _, _ in SEALED])
@pytest.mark.parametrize("word", ["update", "or replace update", "delete", "replace", "upsert", "replace by rowid"])
def test_sealed_row_cannot_be_touched(table: str, key: str, column: str, word: str, kept: Profile) -> None:
    """A tool with the right key can neither change, delete nor replace a row of an append-only table."""
    before = census(kept.store)
    assert before[table]
    with bare(kept.folder) as connection:
        row = _row(connection, table)
        with pytest.raises(REFUSED, match="append-only"):
            if word == "update":
                connection.execute(f"UPDATE {table} SET {column} = '伪造' WHERE {key} = {row[key]}")
            elif word == "or replace update":
                connection.execute(f"UPDATE OR REPLACE {table} SET {key} = {key} + 1 WHERE {key} = {row[key]}")
            elif word == "delete":
                connection.execute(f"DELETE FROM {table} WHERE {key} = {row[key]}")
            elif word == "replace":
                _insert(connection, "INSERT OR REPLACE", table, {**row, column: "伪造"})
            elif word == "upsert":
                connection.execute(
                    f"INSERT INTO {table} SELECT * FROM {table} WHERE {key} = {row[key]}"
                    f" ON CONFLICT DO UPDATE SET {column} = '伪造'"
                )
            else:
                number = row.pop(key)
                _insert(connection, "REPLACE", table, {"rowid": number, **row, column: "伪造"})
    assert census(kept.store) == before


@pytest.mark.parametrize("module", APPEND_ONLY, ids=lambda module: module.key)
@pytest.mark.parametrize("word", ["INSERT", "REPLACE"])
def test_registered_record_takes_no_further_line(module: RecordType, word: str, kept: Profile) -> None:
    """Nobody can add a line to a registered record, at the end, in the place of another, or before there is a head."""
    before = census(kept.store)
    with bare(kept.folder) as connection:
        for group, _ in module.groups:
            table = f"{module.key}__{group.key}"
            row = {key: value for key, value in _row(connection, table).items() if key != "_seq"}
            for changed in ({"_position": 99}, {}, {"_head": 999_999}, {"_head": 999_999, "_position": 0}):
                with pytest.raises(REFUSED, match="append-only"):
                    _insert(connection, word, table, {**row, **changed})
    assert census(kept.store) == before


@pytest.mark.parametrize("module", APPEND_ONLY, ids=lambda module: module.key)
def test_registered_record_cannot_be_replaced_by_its_id(module: RecordType, kept: Profile) -> None:
    """INSERT OR REPLACE with the id of a registered record and a new row number does not remove the old row."""
    with bare(kept.folder) as connection:
        row = {key: value for key, value in _row(connection, module.key).items() if key != "_seq"}
        with pytest.raises(REFUSED, match="append-only"):
            _insert(connection, "INSERT OR REPLACE", module.key, row)


FROZEN = ["dseq", "key", "chain", "record_id", "kind", "name", "op", "base_version", "needs", "payload", "sha256"]


@pytest.mark.parametrize("column", [*FROZEN, "actor", "occurred_at"])
def test_what_the_outbox_froze_stays(column: str, kept: Profile) -> None:
    """No part of an operation that was frozen with its act can be changed in the file."""
    with bare(kept.folder) as connection, pytest.raises(REFUSED, match="frozen"):
        connection.execute(f"UPDATE outbox SET {column} = 999 WHERE dseq = 1")


@pytest.mark.parametrize("word", ["delete", "replace by number", "replace by key", "insert number again"])
def test_nothing_leaves_the_outbox(word: str, kept: Profile) -> None:
    """An operation can be neither deleted nor replaced in the file."""
    before = census(kept.store)
    with bare(kept.folder) as connection:
        row = _row(connection, "outbox")
        with pytest.raises(REFUSED, match="nothing leaves the outbox"):
            if word == "delete":
                connection.execute("DELETE FROM outbox")
            elif word == "replace by number":
                _insert(connection, "INSERT OR REPLACE", "outbox", {**row, "key": "other:1"})
            elif word == "replace by key":
                _insert(connection, "INSERT OR REPLACE", "outbox", {**row, "dseq": 999})
            else:
                _insert(connection, "INSERT OR IGNORE", "outbox", {**row, "payload": b"{}"})
    assert census(kept.store) == before


def test_every_module_is_known_here() -> None:
    """The append-only modules are those whose declaration names neither amend nor delete."""
    assert {module.key for module in APPEND_ONLY} == {
        module.key for module in MODULES if not module.verbs & {Verb.AMEND, Verb.DELETE}
    }
    assert APPEND_ONLY
