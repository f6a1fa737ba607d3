"""Overrides from the command line are those of the dialog: of one record, by a role, for a reason, in words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import to_json
from tests import samples
from tests.faults.words import word

REVIEW = "entitlement_review"
OVERRIDE = {
    "rule": "certificate-quota", "line": None, "reason": "committee_approved", "comment": "医务部门已核实三次献血",
}  # fmt: skip


def _written(file: Path, whole: Any) -> Path:
    file.write_text(json.dumps(whole, ensure_ascii=False), encoding="utf-8")
    return file


@pytest.fixture
def too_much(tmp_path: Path) -> Path:
    """The file of an application for more blood than was donated."""
    whole = samples.values(REVIEW, 0, now=SystemClock().now())
    whole["components"] = tuple({**one, "amount": Decimal(200)} for one in whole["components"])
    return _written(tmp_path / "申请.json", to_json(record_type(REVIEW), whole))


def test_an_override_passes_one_record_and_is_listed(tmp_path: Path, too_much: Path) -> None:
    """What a rule stops passes with an override by the role, once; the exception waits for somebody else to sign."""
    stopped = word(tmp_path, "register", REVIEW, too_much)
    assert (stopped.code, stopped.codes) == (1, ["over-quota"])
    passing = _written(tmp_path / "授权.json", [OVERRIDE])
    small = word(tmp_path, "register", REVIEW, too_much, "--override", passing, "--operator", "jia")
    assert (small.code, small.codes) == (1, ["override-role"])
    saved = word(tmp_path, "register", REVIEW, too_much, "--override", passing)
    assert saved.code == 0, saved.words
    (one,) = word(tmp_path, "exceptions").answer["exceptions"]
    assert one["comment"] == OVERRIDE["comment"]
    assert one["second"] == ""
    # The record that is changed meets the rule anew, and brings an override of its own.
    change = _written(tmp_path / "改.json", {"remark": "补充"})
    assert word(tmp_path, "amend", REVIEW, saved.answer["id"], change).codes == ["over-quota"]
    changed = word(tmp_path, "amend", REVIEW, saved.answer["id"], change, "--override", passing)
    assert changed.code == 0, changed.words


def test_a_second_person_signs_the_override(tmp_path: Path, too_much: Path) -> None:
    """`--second` signs what is overridden, whoever that may be but the first; the exception names both."""
    passing = _written(tmp_path / "授权.json", [OVERRIDE])
    same = word(tmp_path, "register", REVIEW, too_much, "--override", passing, "--second", "xl")
    assert same.codes == ["second-same"]
    saved = word(tmp_path, "register", REVIEW, too_much, "--override", passing, "--second", "yi")
    assert saved.code == 0, saved.words
    (one,) = word(tmp_path, "exceptions").answer["exceptions"]
    assert "训练乙" in one["second"] and "训练乙" not in one["actor"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, "wrong-value"),
        ([{**OVERRIDE, "more": 1}], "wrong-value"),
        ([{**OVERRIDE, "line": True}], "wrong-value"),
        ([{key: OVERRIDE[key] for key in ("rule", "reason", "comment")}], "wrong-value"),
        ([{**OVERRIDE, "comment": "好"}], "override-comment"),
        ([{**OVERRIDE, "reason": "because"}], "override-reason"),
        ([OVERRIDE, OVERRIDE], "override-twice"),
        ([{**OVERRIDE, "rule": "certificate-twice"}], "over-quota"),
    ],
)
def test_a_wrong_override_passes_nothing(tmp_path: Path, too_much: Path, overrides: Any, expected: str) -> None:
    """An override that is not whole, says nothing, or is of another rule passes nothing and says why."""
    passing = _written(tmp_path / "授权.json", overrides)
    stopped = word(tmp_path, "register", REVIEW, too_much, "--override", passing)
    assert stopped.code != 0 and expected in stopped.codes
    assert word(tmp_path, "list", REVIEW).answer["total"] == 0
