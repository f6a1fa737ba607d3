"""The mutation check itself: it finds what nothing notices, changes no file, and is not fooled by a mutant that breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.rules.described import cases
from tests.mutation import __main__ as tool
from tests.mutation import data, syntax, trial
from tests.mutation.applied import applied
from tests.mutation.reach import HOME, rules_through, top_level
from tests.mutation.trial import SELFCHECK, SURVIVED

SOURCE = '''
"""Doc."""
LEAST = 6

def enters(bag: dict[str, int], facts) -> Iterator:
    """Doc."""
    for one in bag:
        if not facts.known or one <= LEAST and one in ("a", "b"):
            yield said("c", "f")
    return
'''


def test_every_kind_of_change_is_made() -> None:
    """Comparisons, conditions, constants, texts, yields and returns change one at a time; documentation does not."""
    names = [one.name for one in syntax.mutants(SOURCE)]
    assert len(names) == len(set(names))
    parts: tuple[str, ...] = (
        "LtE becomes Lt",
        "In becomes NotIn",
        "becomes And",
        "becomes Or",
        "without not",
        "6 – becomes 5",
    )
    parts += ("6 – becomes 7", "'a' – becomes another text", "yield said('c', 'f') – left out", "return – left out")
    for part in parts:
        assert any(part in name for name in names), part
    assert not any("Doc" in name or "dict" in name for name in names)
    assert all(one.source != SOURCE for one in syntax.mutants(SOURCE))


def test_a_limit_changes_by_its_smallest_unit() -> None:
    """72 hours become 71 and 73; every table that a rule names has mutants."""
    names = {(one.table, one.name) for one in data.mutants()}
    assert {
        ("limit", "sample_age_hours.value: 72 becomes 71"),
        ("limit", "sample_age_hours.value: 72 becomes 73"),
    } <= names
    assert ("bag_event", "issue.moves: with 'quarantined' to issued") in names
    assert ("product", "E5445.component: RBC-SLR becomes FFP") in names


def test_whose_answer_a_change_may_be() -> None:
    """A helper belongs to the rules that use it, the mechanism to all of them."""
    line = next(
        n
        for n, text in enumerate((HOME / "receipt.py").read_text(encoding="utf-8").splitlines(), 1)
        if "_why(read:" in text
    )
    assert top_level("receipt", line) == "_why"
    assert rules_through("receipt", "_why") == ("label-evidence",)
    assert set(rules_through("catalogue", "Rule")) == set(RULES)


def test_mutants_of_a_rule_are_noticed_by_its_vectors_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """Every mutant of one small rule dies, the file says so, and afterwards the rules are the same objects as before."""
    before = (RULES, RULES["issuing-closed"], cases())
    report = tmp_path / "report.json"
    code = tool.main(["--match", "rules/closing.py", "--no-tests", "--jobs", "1", "--json", str(report)])
    whole = json.loads(report.read_text(encoding="utf-8"))
    assert code == 0, whole
    assert whole["killed_by_selfcheck"] == whole["mutants"] > 3
    assert whole["survived"] == []
    from bloodbank_desktop.rules import catalogue

    assert (catalogue.RULES, catalogue.RULES["issuing-closed"], cases()) == before


def test_what_nothing_notices_is_reported(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without its vectors the mutants of a block rule survive, and the check says no."""
    real = list(vectors.files())
    monkeypatch.setattr(vectors, "files", lambda: iter([one for one in real if one.stem != "issuing-closed"]))
    trial.prepared.cache_clear()
    try:
        assert tool.main(["--match", "rules/closing.py", "--no-tests", "--jobs", "1"]) == 1
    finally:
        trial.prepared.cache_clear()
    assert "survived [block] rules/closing.py issuing_is_open: yield said" in capsys.readouterr().out


def test_a_mutant_of_data_is_in_force_only_inside() -> None:
    """A changed cell of a table is seen by the rules inside and by nobody afterwards."""
    one = next(m for m in tool.every_mutant() if m.data and m.data.name == "issue.moves: with 'quarantined' to issued")
    assert trial.tried(one, with_tests=False).outcome == SELFCHECK
    with applied(one):
        from bloodbank_desktop.rules import bag_life as changed

        assert changed.after("issue", "quarantined") == "issued"
    from bloodbank_desktop.rules import bag_life

    assert bag_life.after("issue", "quarantined") is None


def test_the_tests_are_asked_about_what_the_self_check_lets_pass() -> None:
    """A mutant of the table of events that no vector can see is noticed by the tests of the bag's life."""
    one = next(m for m in tool.every_mutant() if m.data and m.data.name.startswith("accept.moves: 'received' leads to"))
    assert trial.noticed_by_selfcheck(one) == ""
    assert trial.tests_for(one)[0].endswith("test_bag_life.py")
    assert trial.noticed_by_tests(one)
    assert trial.tried(one, with_tests=False).outcome == SURVIVED


def test_equivalent_mutants_have_a_reason() -> None:
    """Whoever declares a mutant equivalent says why, and the mutant exists."""
    listed = json.loads(tool.EQUIVALENT.read_text(encoding="utf-8"))
    known = {one.id for one in tool.every_mutant()}
    assert all(one["mutant"] in known and len(one["reason"]) > 20 for one in listed)
    assert len({one["mutant"] for one in listed}) == len(listed)
