"""Files of vectors are read exactly, and an answer is compared finding by finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import Finding, Level
from bloodbank_desktop.rules.vectors import Expected, Vector, load

BLOCK = {"level": "block", "code": "a"}


def write(folder: Path, rule: str, *rows: dict[str, Any], **more: Any) -> Path:
    """Write a file of vectors."""
    file = folder / f"{rule}.json"
    file.write_text(json.dumps({"rule": rule, "source": "此处", "vectors": rows, **more}), encoding="utf-8")
    return file


def found(code: str, line: int | None = None, level: Level = Level.BLOCK, field: str = "bags.abo") -> Finding:
    """Return a finding."""
    return Finding(field, code, f"说 {code}", line, "r", level, "此处")


def test_a_file_is_read(tmp_path: Path) -> None:
    """A vector bears a name, a case and no, one or several findings."""
    rows: list[dict[str, Any]] = [
        {"name": "一", "case": "issue", "expect": "pass"},
        {"name": "二", "case": "issue", "changes": {"x": 1}, "expect": {**BLOCK, "line": 2, "field": "f", "says": "w"}},
        {"name": "三", "case": "issue", "facts": {"y": 2}, "expect": [BLOCK, {"level": "warn", "code": "b"}]},
    ]
    file = load(write(tmp_path, "r", *rows))
    assert (file.rule, file.source) == ("r", "此处")
    assert [len(one.expect) for one in file.vectors] == [0, 1, 2]
    assert file.vectors[1].expect == (Expected(Level.BLOCK, "a", 2, "f", "w"),)
    assert file.vectors[1].case == {"case": "issue", "changes": {"x": 1}}
    assert file.vectors[2].case == {"case": "issue", "facts": {"y": 2}}


@pytest.mark.parametrize(
    "row",
    [
        {"name": "一", "case": "issue"},
        {"case": "issue", "expect": "pass"},
        {"name": "一", "case": "issue", "expect": "passes"},
        {"name": "一", "case": "issue", "expect": {"level": "fatal", "code": "a"}},
        {"name": "一", "case": "issue", "expect": {"level": "block"}},
        {"name": "一", "case": "issue", "expect": {**BLOCK, "lines": 1}},
        {"name": "一", "case": "issue", "change": {}, "expect": "pass"},
    ],
)
def test_a_file_that_means_nothing_is_refused(row: dict[str, Any], tmp_path: Path) -> None:
    """A vector that is misspelt would pass for ever; it is refused instead."""
    with pytest.raises(ValueError):
        load(write(tmp_path, "r", row))


def test_a_file_belongs_to_its_rule(tmp_path: Path) -> None:
    """The name of the file is the rule, no name stands twice, and nothing else stands in it."""
    fine = {"name": "一", "case": "issue", "expect": "pass"}
    with pytest.raises(ValueError, match="holds the vectors of r"):
        load(write(tmp_path, "r", fine).rename(tmp_path / "s.json"))
    with pytest.raises(ValueError, match="two vectors"):
        load(write(tmp_path, "r", fine, fine))
    with pytest.raises(ValueError, match="unknown"):
        load(write(tmp_path, "r", fine, versoin=1))


def test_an_answer_is_compared_exactly() -> None:
    """Too much, too little, another level, another line, another field or other words: each of them differs."""

    def differs(expect: tuple[Expected, ...], *findings: Finding) -> bool:
        return bool(Vector("一", {}, expect).differs(findings))

    block = Expected(Level.BLOCK, "a")
    assert not differs(())
    assert differs((), found("a"))
    assert differs((block,))
    assert not differs((block,), found("a"))
    assert not differs((block,), found("a", 1), found("a", 2))
    assert differs((block,), found("a"), found("b"))
    assert differs((block,), found("b"))
    assert differs((block,), found("a", level=Level.WARN))
    assert differs((Expected(Level.BLOCK, "a", 1),), found("a", 1), found("a", 2))
    assert differs((Expected(Level.BLOCK, "a", field="bags.rhd"),), found("a"))
    assert differs((Expected(Level.BLOCK, "a", says="说 b"),), found("a"))
    assert not differs((Expected(Level.BLOCK, "a", says="说 a"),), found("a"))


def test_a_finding_stands_at_a_field_of_the_record() -> None:
    """A field that the record does not have would be shown nowhere."""
    block, issue = (Expected(Level.BLOCK, "a"),), record_type("clinical_issue")
    for field, wrong in (("bags.abo", False), ("patient_abo", False), ("", False), ("bags", False), ("abo", True)):
        assert bool(Vector("一", {}, block).differs([found("a", field=field)], issue)) is wrong, field
    assert "bags.nix" in Vector("一", {}, block).differs([found("a", field="bags.nix")], issue)


def test_the_cases_are_no_vectors() -> None:
    """The base cases lie beside the vectors and are not taken for such."""
    names = [file.name for file in vectors.files()]
    assert vectors.CASES not in names
    assert "issue-expired.json" in names
