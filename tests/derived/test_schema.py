"""The tables of a file are those of the declarations, neither fewer nor more, and the wire contract fits what is sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.storage import names, schema, steps, tables
from tests.derived.damage import WIRE_DAMAGES, WIRE_NAMES
from tests.derived.examples import examples, holding
from tests.derived.fields import MODULES, NAMES, PLACES, Place
from tests.derived.strategies import records
from tests.support import bare


def _plain(statement: str) -> str:
    return " ".join(statement.split())


def _present(connection: Any) -> Iterator[str]:
    found = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
        # The tables behind a full-text table are SQLite's own.
        " AND NOT (type = 'table' AND name GLOB 'search_*_*' AND sql LIKE 'CREATE TABLE%')"
    )
    return (_plain(sql) for (sql,) in found)


def test_steps_give_the_declared_schema(shared: Profile) -> None:
    """The file that all steps make has exactly the tables, indexes and triggers that the declarations describe."""
    with bare(shared.folder) as connection:
        assert Counter(_present(connection)) == Counter(_plain(statement) for statement in schema.statements())


def test_first_step_is_written_as_declared() -> None:
    """The frozen text of the first release says statement by statement what the declarations say, in the same order."""
    text = (Path(steps.__file__).parent / "0001.sql").read_text(encoding="utf-8")
    written = [_plain(part) for part in text.split(steps.SEPARATOR) if part.strip()]
    if len(steps.STEPS) == 1:
        assert written == [_plain(statement) for statement in schema.statements()]


def test_steps_are_numbered_without_a_gap() -> None:
    """The steps bear the numbers 1, 2, 3 … so that a file always knows which it lacks."""
    assert [step.number for step in steps.STEPS] == list(range(1, len(steps.STEPS) + 1))


def test_file_knows_its_step(shared: Profile) -> None:
    """A new file bears the number of the newest step."""
    with bare(shared.folder) as connection:
        assert steps.version_of(connection) == steps.STEPS[-1].number


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_field_has_its_column(place: Place) -> None:
    """Every field has one column under its own key, and no field key can meet a column of the program's own."""
    name = names.lines_table_name(place.module.key, place.group) if place.group else place.module.key
    assert place.field.key in tables.metadata.tables[name].columns
    assert place.field.key.isidentifier()
    assert not place.field.key.startswith("_")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_list_columns_are_indexed(module: RecordType) -> None:
    """Every list column has an index that leaves deleted rows out, or a long list could not be sorted by it at once."""
    indexed = {
        tuple(column.name for column in index.columns): str(index.dialect_options["sqlite"]["where"])
        for index in tables.record_table(module.key).indexes
    }
    for f in module.columns:
        assert "_deleted_at IS NULL" in indexed[(f.key,)]


# -- the contract --------------------------------------------------------------------------------------------------


def _validator(module: RecordType) -> jsonschema.Draft202012Validator:
    declared = wire.schema(module)
    jsonschema.Draft202012Validator.check_schema(declared)
    return jsonschema.Draft202012Validator(declared, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_contract_accepts_what_is_sent(module: RecordType, data: st.DataObject) -> None:
    """The published schema accepts the body of every valid record, so the platform's gate never refuses our own form."""
    whole = data.draw(records(module))
    for f in module.plain:
        if f.serial is not None and whole[f.key] is None:
            whole[f.key] = "RK20261123-01-0001"
    _validator(module).validate(json.loads(wire.canonical(wire.body(module, whole))))


@pytest.mark.parametrize(("place", "name", "wrong"), WIRE_DAMAGES, ids=WIRE_NAMES)
def test_contract_refuses_other_types(place: Place, name: str, wrong: Any) -> None:
    """The published schema refuses a JSON value of a type that the field does not have, as reading it does."""
    whole = holding(place)
    sent = wire.body(place.module, whole)
    holder = sent[place.module.fields[place.group].wire][0] if place.group else sent
    holder[place.field.wire] = wrong
    if name not in ("not in China's calendar", "only a day", "naive time"):
        assert not _validator(place.module).is_valid(sent)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_contract_refuses_unknown_and_missing(module: RecordType) -> None:
    """The published schema refuses a field that nobody declared and a body without a required field."""
    whole = wire.body(module, examples(module)[0])
    validator = _validator(module)
    assert validator.is_valid(whole)
    assert not validator.is_valid({**whole, "noSuchField": 1})
    for f in module.plain:
        if f.required is True and f.shown is None:
            assert not validator.is_valid({key: value for key, value in whole.items() if key != f.wire})


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_wire_names_are_plain(module: RecordType) -> None:
    """Wire names are ASCII words without blanks, the same everywhere a shared block is used."""
    for place in PLACES:
        if place.module is module:
            assert place.field.wire.isascii()
            assert place.field.wire.replace("_", "").isalnum()
