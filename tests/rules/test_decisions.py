"""A decision table is whole or refused; a limit is exact or missing; a switch has a safe value whatever was stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import decisions
from bloodbank_desktop.rules.decisions import decision, decision_names, limit, read
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.switches import SWITCHES, switched
from tests.samples import NOW

WHOLE: dict[str, Any] = {
    "label": "表",
    "version": "1",
    "source": "源",
    "inputs": {"a": ["x", "y"], "b": ["1", "2"]},
    "outcomes": {"yes": "是", "no": "否"},
    "cells": {"x/1": "yes", "x/2": "no", "y/1": "no", "y/2": "no"},
}


def test_a_cell_is_found_by_its_inputs_in_order() -> None:
    """Each combination has one outcome; what the table does not name is not decided."""
    one = read("t", WHOLE)
    assert (one.name, one.label, one.version, one.source) == ("t", "表", "1", "源")
    assert one.inputs == {"a": ("x", "y"), "b": ("1", "2")}
    assert one.outcomes == {"yes": "是", "no": "否"}
    assert list(one.every()) == [("x", "1"), ("x", "2"), ("y", "1"), ("y", "2")]
    assert [one.outcome(*cell) for cell in one.every()] == ["yes", "no", "no", "no"]
    assert one.outcome("x", "3") is None
    assert one.outcome("1", "x") is None
    assert "cells" not in repr(one)


@pytest.mark.parametrize(
    "cells",
    [
        {"x/1": "yes", "x/2": "no", "y/1": "no"},
        {**WHOLE["cells"], "z/1": "no"},
        {**WHOLE["cells"], "x/1": "maybe"},
    ],
    ids=["missing", "surplus", "unknown outcome"],
)
def test_a_table_that_is_not_whole_is_refused(cells: dict[str, str]) -> None:
    """A hole, a cell too many or an outcome without a word would be found by a patient otherwise."""
    with pytest.raises(ValueError, match="decision table t"):
        read("t", {**WHOLE, "cells": cells})


def test_the_cells_that_were_asked_are_collected() -> None:
    """Only while somebody watches, only what was asked, and each watcher its own."""
    one = read("t", WHOLE)
    one.outcome("y", "2")
    with decisions.watched() as outer:
        one.outcome("x", "1")
        with decisions.watched() as inner:
            one.outcome("x", "2")
        one.outcome("y", "1")
    one.outcome("y", "2")
    assert outer == {("t", ("x", "1")), ("t", ("y", "1"))}
    assert inner == {("t", ("x", "2"))}


def test_every_table_of_the_program_is_whole_and_has_a_source() -> None:
    """Each file can be read, is found by its name and says where it comes from and which edition it is."""
    assert {"abo_compatibility", "rhd_compatibility"} <= set(decision_names())
    for name in decision_names():
        one = decision(name)
        assert one.label and one.version and one.source
        assert set(one.cells.values()) <= set(one.outcomes)
        assert decision(name) is one


def test_a_limit_is_exact() -> None:
    """A limit is a decimal number as the table writes it; an unknown one raises."""
    assert limit("sample_age_hours") == Decimal(72)
    for key in table("limit"):
        assert limit(key) == Decimal(str(table("limit").facet(key, "value")))
    with pytest.raises(KeyError):
        limit("nix")


def test_a_switch_has_its_default_its_value_or_the_safe_one() -> None:
    """What was never set is the default; what a newer table no longer knows falls back to it; an unknown one raises."""
    assert switched(Facts(NOW), "solo_duty") == "forbidden"
    assert switched(Facts(NOW, site={"solo_duty": "allowed"}), "solo_duty") == "allowed"
    assert switched(Facts(NOW, site={"solo_duty": "nix"}), "solo_duty") == "forbidden"
    assert switched(Facts(NOW, site={"tier_counts": "red_cells"}), "solo_duty") == "forbidden"
    with pytest.raises(KeyError):
        switched(Facts(NOW), "nix")
    for key in SWITCHES:
        assert SWITCHES.facet(key, "default") in SWITCHES.facet(key, "values")
        assert SWITCHES.facet(key, "room")
