"""Code tables are data that say which edition of what they are; screens show their words and never their keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records import tables
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.codes import blood_group
from bloodbank_desktop.records.kinds import Choice, Choices, Unreadable

ROOT = resource("tables")
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.json"))
CHOSEN = [name for name in FILES if "/" not in name and name != "bag_profiles.json"]


def data(name: str) -> dict[str, Any]:
    """Return the parsed file."""
    loaded: dict[str, Any] = json.loads((ROOT / Path(name)).read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("name", FILES)
def test_every_table_names_version_and_source(name: str) -> None:
    """Every table of the program, whatever it is for, carries a version and where its content comes from."""
    whole = data(name)
    for said in ("version", "source"):
        assert isinstance(whole.get(said), str)
        assert whole[said].strip()


@pytest.mark.parametrize("name", CHOSEN)
def test_every_entry_has_a_key_and_a_word(name: str) -> None:
    """A table of choices has a label, keys that differ, and a word for each that is not the key itself."""
    whole = data(name)
    assert whole["label"]
    keys = [entry["key"] for entry in whole["entries"]]
    assert len(set(keys)) == len(keys) > 0
    assert all(entry["word"].strip() for entry in whole["entries"])
    loaded = tables.table(name.removesuffix(".json"))
    assert (loaded.version, loaded.source, list(loaded)) == (whole["version"], whole["source"], keys)


def test_blood_groups_are_words_and_never_digits() -> None:
    """Keys of blood-group tables hold no digit, because two national tables give one digit to opposite groups."""
    for name in ("abo", "rhd", "abo_patient", "rhd_patient"):
        assert [key for key in tables.table(name) if any(c.isdigit() for c in key)] == []


@pytest.mark.parametrize("wire", [1, 2, 0, "1", "2", "01", "6200", "600", 6200, True, "A型", "阳性", "+"])
def test_a_number_from_outside_is_never_a_blood_group(wire: object) -> None:
    """A raw number or foreign word is refused for every declared ABO and RhD field; only our own keys are read."""
    groups = ("abo", "rhd", "abo_patient", "rhd_patient")
    holders = [of for module in all_records().values() for of in (module, *(of for _, of in module.groups))]
    kinds = [f.kind for of in holders for f in of.plain]
    of_groups = [kind for kind in kinds if isinstance(kind, Choice) and kind.table.name in groups]
    assert len(of_groups) >= 6
    for kind in of_groups:
        with pytest.raises(Unreadable):
            kind.from_wire(wire)
        assert all(kind.from_wire(key) == key for key in kind.table)


def test_every_group_of_a_label_has_its_word() -> None:
    """Whatever ABO and RhD a label can state, the tables of a bag have a word for it or the label states none."""
    abo, rhd = tables.table("abo"), tables.table("rhd")
    rows = resource("tables", "isbt128", "blood_groups.json").read_text(encoding="utf-8")
    known = [f"{gg}00" for gg in _codes(json.loads(rows)) if blood_group.is_valid(f"{gg}00")]
    assert len(known) > 100
    for content in known:
        group = blood_group.interpret(content)
        assert group.abo is None or group.abo in abo, content
        assert group.rhd is None or group.rhd in rhd, content


def _codes(whole: object) -> set[str]:
    """Return every text of two characters in parsed JSON, keys included."""
    if isinstance(whole, dict):
        return set().union(*(_codes(part) for pair in whole.items() for part in pair))
    if isinstance(whole, list):
        return set().union(*(_codes(part) for part in whole)) if whole else set()
    return {whole} if isinstance(whole, str) and len(whole) == 2 else set()


def test_choices_know_a_key_of_a_newer_platform() -> None:
    """An unknown key is shown in guillemets and never as another word."""
    kind = Choices(tables.table("processing"))
    assert kind.format(("irradiated", "from_the_future")).endswith("、«from_the_future»")
