"""The catalogue asks each rule at its moments, puts its words together and never raises a level above what is declared."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.rules import everything
from bloodbank_desktop.rules.catalogue import (
    LEVEL_WORDS,
    MOMENT_WORDS,
    RULES,
    Finding,
    Hazard,
    Level,
    Moment,
    Rule,
    Said,
    findings,
    gravest,
    rule,
    said,
    words_of,
)
from bloodbank_desktop.rules.facts import Facts
from tests.samples import NOW

HAZARD = Hazard("害", "因", "余")
BAG = {"donation_number": "A999926000001", "product_code": "E5445V00", "split": None}
VALUES = {"bags": (BAG, {**BAG, "donation_number": "A999926000002"})}
SAYS = {"one": "{bag} 一 {what}", "whole": "全部 {what}"}


@pytest.fixture
def enter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Enter a rule that yields what it is given, until the test is over."""
    kept = dict(RULES)

    def enter_(*told: Said, id_: str = "probe", moments: tuple[Moment, ...] = (Moment.PLAN,), **more: Any) -> Rule:
        def find(values: Any, facts: Any) -> Iterator[Said]:
            """Yield what it was given."""
            yield from told

        facets = {"level": Level.BLOCK, "title": "题", "source": "源", "says": SAYS, "hazard": HAZARD, **more}
        assert rule(id_, *moments, **facets)(find) is find
        return RULES[id_]

    yield enter_
    RULES.clear()
    RULES.update(kept)


def found(one: Rule) -> list[Finding]:
    """Return what a rule finds."""
    return list(one.findings(VALUES, Facts(NOW)))


def test_names_of_moments_and_levels() -> None:
    """What stands in the audit and in alerts is called as it always was, and each has a Chinese word."""
    assert [one.value for one in Moment] == [
        "scan", "receipt", "acceptance", "reversal", "leaving", "removal", "selection", "issue", "handover",
        "completion", "request",
        "reaction", "certificate", "plan",
    ]  # fmt: skip
    assert [one.value for one in Level] == ["note", "warn", "override", "block"]
    assert [one.weight for one in Level] == [0, 1, 2, 3]
    assert list(LEVEL_WORDS) == list(Level)
    assert list(LEVEL_WORDS.values()) == ["提示", "警告", "须授权", "禁止"]
    assert list(MOMENT_WORDS) == list(Moment)


def test_a_rule_of_the_whole_record(enter: Any) -> None:
    """A finding about the record bears field, code, level, rule and source and no line."""
    one = enter(said("whole", "patient_abo", what="X"))
    assert found(one) == [Finding("patient_abo", "whole", "全部 X", None, "probe", Level.BLOCK, "源")]
    assert found(one)[0].as_check() == {"rule": "probe", "level": "block", "message": "全部 X", "source": "源"}
    assert (one.per_bag, one.tables, one.switches, one.least, one.second) == (False, (), (), "", False)
    other = enter(said("whole", what="X"), id_="other")
    assert found(other)[0].field == ""


def test_a_rule_of_the_record_that_means_one_bag(enter: Any) -> None:
    """A finding of the whole record may mean a line: it names that bag."""
    one = enter(said("one", "abo", None, 2, what="X"))
    name = bag_name(("A999926000002", "E5445V00", ""))
    assert found(one) == [Finding("bags.abo", "one", f"第 2 袋：{name} 一 X", 2, "probe", Level.BLOCK, "源")]


def test_a_rule_of_each_bag(enter: Any) -> None:
    """A rule of bags is asked for each, counted from 1; without a field it means the bag."""
    one = enter(said("one", "abo", what="X"), said("one", what="Y"), per_bag=True)
    assert [(f.field, f.line) for f in found(one)] == [("bags.abo", 1), ("bags", 1), ("bags.abo", 2), ("bags", 2)]
    assert found(one)[2].message == f"第 2 袋：{bag_name(('A999926000002', 'E5445V00', ''))} 一 X"
    assert list(one.findings({"bags": ()}, Facts(NOW))) == []


def test_a_level_may_be_lower_than_declared_and_never_higher(enter: Any) -> None:
    """A table may decide a milder level; a graver one is a mistake of the program."""
    assert [one.level for one in found(enter(said("whole", "", Level.WARN, what="")))] == [Level.WARN]
    milder = enter(said("whole", "", Level.BLOCK, what=""), id_="other", level=Level.WARN)
    with pytest.raises(ValueError, match="is declared warn and says block"):
        found(milder)
    same = enter(said("whole", "", Level.WARN, what=""), id_="same", level=Level.WARN)
    assert [one.level for one in found(same)] == [Level.WARN]


def test_a_rule_that_contradicts_itself_is_refused(enter: Any) -> None:
    """Two rules of one name, and an override that nobody may give, are refused at once."""
    enter()
    with pytest.raises(ValueError, match="two rules"):
        enter()
    with pytest.raises(ValueError, match="does not say by whom"):
        enter(id_="other", level=Level.OVERRIDE)
    one = enter(id_="third", level=Level.OVERRIDE, least="reviewer", second=True, tables=("a",), switches=("b",))
    assert (one.least, one.second, one.tables, one.switches) == ("reviewer", True, ("a",), ("b",))
    enter(id_="fourth", level=Level.WARN)


def test_only_rules_of_the_moment_are_asked_and_each_once(enter: Any) -> None:
    """One moment or several; a rule of two moments is asked once."""
    enter(said("whole", what="X"), moments=(Moment.PLAN, Moment.SCAN))
    enter(said("whole", what="Y"), id_="other", moments=(Moment.SCAN,))

    def asked(moments: Any) -> list[str]:
        return [one.message for one in findings(moments, VALUES, Facts(NOW)) if one.rule in ("probe", "other")]

    assert asked(Moment.PLAN) == ["全部 X"]
    assert asked((Moment.PLAN, Moment.SCAN)) == ["全部 X", "全部 Y"]
    assert asked([Moment.SCAN]) == ["全部 X", "全部 Y"]
    assert asked([]) == []


def test_the_gravest_of_findings() -> None:
    """Nothing found has no level; else the gravest counts."""
    levels = {level: Finding("", "", "", level=level) for level in Level}
    assert gravest([]) is None
    assert gravest([levels[Level.NOTE]]) is Level.NOTE
    assert gravest([levels[Level.WARN], levels[Level.BLOCK], levels[Level.OVERRIDE]]) is Level.BLOCK


def test_a_finding_states_its_rule_or_nothing() -> None:
    """Without more a finding stops, and belongs to no rule."""
    bare = Finding("f", "c", "m")
    assert (bare.line, bare.rule, bare.level, bare.source) == (None, "", Level.BLOCK, "")


def test_words_of_values() -> None:
    """Numbers are shown without trailing zeros and never as 1E+3; a text is itself."""
    assert [words_of(Decimal(one)) for one in ("2.00", "1000", "0.5")] == ["2", "1000", "0.5"]
    assert words_of("A") == "A"


#: Who may pass what may be passed, and whether a second person signs (the sentences of the rules say so).
OVERRIDES = {
    "issue-least-incompatible": ("director", True),
    "issue-abo": ("director", False),
    "issue-rhd": ("director", True),
    "issue-antibodies": ("director", False),
    "issue-quantity": ("reviewer", False),
    "issue-requirements": ("reviewer", False),
    "receipt-not-on-note": ("reviewer", False),
    "certificate-quota": ("reviewer", False),
}


#: What bags did before the record reaches this workstation may have been done elsewhere.
ARRIVING = {"bag-twice-in-stock", "reversal-of-intake", "bag-life", "bag-as-stocked", "reaction-of-stocked-bag"}


def test_which_rules_believe_another_workstation() -> None:
    """Only rules about what the stock knows give way to a record that arrives; what is unsafe stays unsafe."""
    assert {one.id for one in RULES.values() if one.arriving} == ARRIVING


def test_who_may_override() -> None:
    """Each rule that may be overridden names the role that this table, written by hand, demands."""
    for one in RULES.values():
        if one.least or one.level is Level.OVERRIDE:
            assert (one.least, one.second) == OVERRIDES[one.id], one.id


def test_every_rule_says_why_it_exists() -> None:
    """Title, source, hazard, cause, residual risk, what it demands and at least one sentence, each of them in words."""
    for one in RULES.values():
        assert one.title and one.source and one.says and one.moments, one.id
        assert one.hazard.hazard and one.hazard.cause and one.hazard.residual, one.id
        assert (one.find.__doc__ or "").strip().endswith("."), one.id
        assert all(len(sentence) > 5 for sentence in one.says.values()), one.id
        assert one.find.__module__ in {room.__name__ for room in everything.ROOMS}, one.id
