"""What a declaration does not allow cannot be done: refused by the operations, and by the data file itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop import cli
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import batches
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.declare import RecordType, Verb
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.training import contract
from bloodbank_desktop.training.platform import Platform
from tests.derived.examples import arrive, examples, fresh, save, stage
from tests.derived.fields import APPEND_ONLY, FORBIDDEN, LOCAL, MODULES, TRAVELLING
from tests.support import REFUSED, allow_solo_duty, bare, census, open_store
from tests.training.kit import Device, StillClock, slug, whole_feed

#: The verbs that travel to the platform as operations.
TRAVEL = (Verb.REGISTER, Verb.AMEND, Verb.DELETE, Verb.ACTIVATE)


def _acts(profile: Profile, module: RecordType, record_id: str, whole: Any) -> dict[Verb, Callable[[], object]]:
    desk, key = profile.desk, module.key
    return {
        Verb.REGISTER: lambda: desk.register(key, fresh_in(profile, module)),
        Verb.AMEND: lambda: desk.amend(key, record_id, whole),
        Verb.VIEW: lambda: desk.view(key, record_id),
        Verb.LIST: lambda: desk.page(desk.open_list(ListQuery(key)), 0),
        Verb.ACTIVATE: lambda: desk.activate(key, record_id, {}),
        Verb.IMPORT: lambda: batches.importable(desk, key),
        Verb.EXPORT: lambda: _exported(profile, module),
        Verb.DELETE: lambda: desk.delete(key, record_id),
    }


def _exported(profile: Profile, module: RecordType) -> int:
    with batches.whole_list(profile.desk, ListQuery(module.key)) as (_, rows):
        return len(list(rows))


def fresh_in(profile: Profile, module: RecordType) -> Any:
    """Return a new record whose bags, where it moves any, are here."""
    whole = fresh(module)
    if Verb.REGISTER in module.verbs:
        stage(profile, module, whole)
    return whole


@pytest.mark.parametrize(("module", "verb"), FORBIDDEN, ids=lambda one: getattr(one, "key", one))
def test_verb_that_is_not_declared_is_refused(module: RecordType, verb: Verb, shared: Profile) -> None:
    """An act that the module does not know is refused in words and changes nothing."""
    whole = fresh(module)
    record_id = save(shared, module, whole)
    before = census(shared.store)
    with pytest.raises(KnownProblem, match=module.label) as caught:
        _acts(shared, module, record_id, whole)[verb]()
    assert caught.value.code == "verb-not-allowed"
    assert census(shared.store) == before


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_verbs_that_are_declared_work(module: RecordType, shared: Profile) -> None:
    """Every declared act can be done, the deletion last, so that the refusals above are not a broken desk."""
    whole = fresh(module)
    acts = _acts(shared, module, save(shared, module, whole), whole)
    assert set(acts) == set(Verb)
    for verb, act in acts.items():
        if verb in module.verbs:
            act()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_list_shows_what_was_saved(module: RecordType, shared: Profile) -> None:
    """A saved record of every module is in its list, with the values of its columns, and is found by its title."""
    whole = fresh(module)
    record_id = save(shared, module, whole)
    for search in ("", str(whole[module.title[0]])):
        listing = shared.desk.open_list(ListQuery(module.key, search=search))
        row = next(row for row in shared.desk.page(listing, 0, 10_000) if row.record_id == record_id)
        assert {f.key: row.values[f.key] for f in module.columns} == {f.key: whole[f.key] for f in module.columns}


# -- command line --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for the command line."""
    return tmp_path_factory.mktemp("words")


def _words(module: RecordType, verb: Verb, folder: Path) -> list[list[str]]:
    file, sheet = folder / f"{module.key}.json", folder / f"{module.key}.xlsx"
    file.write_text(json.dumps(wire.to_json(module, examples(module)[0])), encoding="utf-8")
    key, record_id = module.key, new_id()
    return {
        Verb.REGISTER: [["register", key, str(file)]],
        Verb.AMEND: [["amend", key, record_id, str(file)]],
        Verb.DELETE: [["delete", key, record_id]],
        Verb.IMPORT: [["import", key, str(sheet)], ["template", key, "--xlsx", str(sheet)]],
        Verb.EXPORT: [["export", key, str(sheet)]],
    }.get(verb, [])


@pytest.mark.parametrize(("module", "verb"), FORBIDDEN, ids=lambda one: getattr(one, "key", one))
def test_command_line_refuses_the_verb(
    module: RecordType, verb: Verb, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line ends with 1 and says that the module does not know the act."""
    for words in _words(module, verb, folder):
        assert cli.main(["--training", "--data-dir", str(folder), *words]) == 1, words
        said = capsys.readouterr()
        assert said.out == ""
        assert [problem["code"] for problem in json.loads(said.err)] == ["verb-not-allowed"], words


# -- platform ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform without HTTP."""
    made = Platform(tmp_path_factory.mktemp("platform") / "platform.db", StillClock())
    yield made
    made.close()


@pytest.mark.parametrize(("module", "verb"), FORBIDDEN, ids=lambda one: getattr(one, "key", one))
def test_platform_refuses_the_verb(module: RecordType, verb: Verb, platform: Platform) -> None:
    """The platform refuses an operation that the module does not know, for good, and its feed does not move."""
    if verb not in TRAVEL or not module.travels:
        return
    body = {"reason": ""} if verb is Verb.DELETE else wire.body(module, fresh(module))
    before = len(whole_feed(platform))
    device = Device(platform)
    (result,) = device.send(device.operation(module.key, body, verb.value))
    assert (result["status"], slug(result["problem"])) == ("rejected", "verb-not-allowed")
    assert len(whole_feed(platform)) == before


def test_the_contract_names_the_verbs() -> None:
    """The published contract names for each module the operations that it takes, and no other."""
    schemas = contract.document()["components"]["schemas"]
    for module in TRAVELLING:
        assert schemas[module.key]["x-verbs"] == sorted(verb.value for verb in TRAVEL if verb in module.verbs)


@pytest.mark.parametrize("module", LOCAL, ids=lambda module: module.key)
def test_what_stays_here_never_travels(module: RecordType, shared: Profile, platform: Platform) -> None:
    """A local module has its audit and its history, but no operation, no schema, and no place on the platform."""
    waiting = shared.desk.queue.summary().waiting
    whole = fresh(module)
    record_id = save(shared, module, whole)
    if Verb.AMEND in module.verbs:
        assert shared.desk.amend(module.key, record_id, whole).dseq is None
    shown = shared.desk.view(module.key, record_id)
    (row,) = [
        one for one in shared.desk.page(shared.desk.open_list(ListQuery(module.key)), 0) if one.record_id == record_id
    ]
    assert (shown.upload, row.upload, shared.desk.queue.summary().waiting) == ("local", "local", waiting)
    assert module.key not in json.dumps(contract.document())
    (result,) = (device := Device(platform)).send(device.operation(module.key, wire.body(module, whole), "register"))
    assert (result["status"], slug(result["problem"])) == ("rejected", "unknown-module")
    with pytest.raises(KnownProblem, match="筛选"):
        shared.desk.open_list(ListQuery(module.key, filters={"upload": ("pending",)}))


@pytest.mark.parametrize("module", LOCAL, ids=lambda module: module.key)
def test_a_platform_cannot_bring_what_stays_here(module: RecordType, shared: Profile) -> None:
    """A change of the feed for a local module makes no record here, whoever sent it."""
    record_id = arrive(shared, module, fresh(module))
    with pytest.raises(KnownProblem) as caught:
        shared.desk.view(module.key, record_id)
    assert caught.value.code == "no-such-record"


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
    allow_solo_duty(profile)
    for module in MODULES:
        for _ in range(2):
            whole = fresh(module)
            record_id = save(profile, module, whole)
        profile.desk.view(module.key, record_id)
        if Verb.AMEND in module.verbs:
            profile.desk.amend(module.key, record_id, whole)
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
    """The append-only modules are those whose declaration names neither amend nor delete nor activate."""
    assert {module.key for module in APPEND_ONLY} == {
        module.key for module in MODULES if not module.verbs & {Verb.AMEND, Verb.DELETE, Verb.ACTIVATE}
    }
    assert APPEND_ONLY
