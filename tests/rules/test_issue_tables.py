"""Every cell of every decision table of the issue, both ways, against a table written by another hand."""

from __future__ import annotations

import pytest

from bloodbank_desktop.rules.decisions import decision
from tests.rules import issue_tables

TABLES = (
    "abo_compatibility",
    "rhd_compatibility",
    "crossmatch_side",
    "special_requirement",
    "antibody_antigen",
    "grouping",
)


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_is_what_the_second_table_says(name: str) -> None:
    """No cell is missing, none is more, and each says what a person wrote down from the sources."""
    assert dict(decision(name).cells) == issue_tables.cells(name)


@pytest.mark.parametrize("name", TABLES)
def test_what_no_table_names_is_not_decided(name: str) -> None:
    """An input that nobody reviewed has no outcome, which every rule takes for a block."""
    inputs = [values[0] for values in decision(name).inputs.values()]
    for place in range(len(inputs)):
        assert decision(name).outcome(*inputs[:place], "nobody_knows", *inputs[place + 1 :]) is None


def test_red_cells_and_plasma_are_opposites() -> None:
    """What a patient may not get as red cells because of its antigens, another may not give as plasma: the mirror holds."""
    groups = ("A", "B", "O", "AB")
    abo = decision("abo_compatibility")
    for patient in groups:
        for donor in groups:
            cells = abo.outcome("red_cells", patient, donor) == "never"
            assert cells == (abo.outcome("plasma", donor, patient) == "never"), (patient, donor)


def test_whole_blood_and_granulocytes_are_identical_only() -> None:
    """Red cells and plasma at once fit nobody of another group."""
    for kind in ("whole_blood", "granulocytes"):
        for (name, patient, donor), outcome in decision("abo_compatibility").cells.items():
            if name == kind:
                assert (outcome == "first") == (patient == donor)
                assert outcome in ("first", "never")
