"""An override passes one finding of one record, by a person with the role, for a reason in writing – or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bloodbank_desktop.rules.catalogue import RULES, Finding, Hazard, Level, Moment, Rule
from bloodbank_desktop.rules.overriding import LEAST_COMMENT, Override, Settled, purpose, settle
from bloodbank_desktop.rules.persons import HOLDS, Person, Signature
from tests.samples import NOW

REVIEWER = Person("1", "shen", "训练甲", frozenset({"reviewer"}))
TECHNICIAN = Person("2", "ji", "训练乙", frozenset({"technician"}))
COMMENT = "患者危重，已商定"


def probe(id_: str, **more: object) -> Rule:
    """Return a rule that a reviewer may override."""
    says = {"c": "说"}
    hazard = Hazard("害", "因", "余")
    empty = {"per_bag": False, "tables": (), "switches": (), "arriving": False}
    facets = {"least": "reviewer", "second": False, **empty, **more}
    return Rule(id_, (Moment.PLAN,), Level.OVERRIDE, "题", "源", says, hazard, lambda v, f: (), **facets)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def rules() -> Iterator[None]:
    """Two rules: one that a reviewer alone overrides, one that needs a second person."""
    RULES.update({"alone": probe("alone"), "both": probe("both", second=True)})
    yield
    del RULES["alone"], RULES["both"]


def finding(rule: str = "alone", level: Level = Level.OVERRIDE, line: int | None = 1) -> Finding:
    """Return a finding."""
    return Finding("bags.abo", "c", f"{rule} 说", line, rule, level, "源")


def override(rule: str = "alone", line: int | None = 1, comment: str = COMMENT, **more: object) -> Override:
    """Return an override with reason and comment."""
    return Override(rule, line, str(more.get("reason", "life_threatening")), comment, more.get("second"))  # type: ignore[arg-type]


def settled(*overrides: Override, found: tuple[Finding, ...] = (finding(),), by: Person | None = REVIEWER) -> Settled:
    """Return what findings mean."""
    return settle(found, overrides, by, NOW)


def codes(one: Settled) -> list[str]:
    """Return the codes of what stops."""
    return [each.code for each in one.stopping]


def test_levels_without_an_override() -> None:
    """A block and an override that nobody gave stop; a warning and a note are told."""
    found = tuple(finding(level=level) for level in Level)
    answer = settled(found=found)
    assert [one.level for one in answer.stopping] == [Level.OVERRIDE, Level.BLOCK]
    assert [one.level for one in answer.told] == [Level.NOTE, Level.WARN]
    assert answer.passed == ()
    assert settled(found=()) == Settled((), (), ())


def test_an_override_passes_its_finding() -> None:
    """Rule and line, role, reason and comment fit: the finding is passed and nothing stops."""
    given = override()
    answer = settled(given)
    assert (answer.stopping, answer.told) == ((), ())
    assert answer.passed == ((finding(), given),)
    whole = override(line=None)
    assert settled(whole, found=(finding(line=None),)).stopping == ()


def test_a_block_has_no_override() -> None:
    """What is blocked stays blocked, and the override given for it stops as well."""
    assert codes(settled(override(), found=(finding(level=Level.BLOCK),))) == ["c", "override-unused"]


def test_it_means_one_bag_and_one_rule() -> None:
    """An override of another bag or another rule passes nothing and is refused itself."""
    assert codes(settled(override(line=2))) == ["c", "override-unused"]
    assert codes(settled(override(line=None))) == ["c", "override-unused"]
    assert codes(settled(override("both"))) == ["c", "override-unused"]
    two = (finding(), finding(line=2))
    answer = settled(override(), found=two)
    assert [(one.code, one.line) for one in answer.stopping] == [("c", 2)]
    assert codes(settled(override(), override(line=2), found=two)) == []


def test_an_override_that_nothing_needs_is_refused() -> None:
    """What was meant for something that is no longer so must not wait for the next record."""
    (one,) = settled(override(), found=()).stopping
    assert (one.code, one.rule, one.line, one.level, one.source) == ("override-unused", "alone", 1, Level.BLOCK, "源")
    assert one.message.startswith("第 1 袋：")
    assert one.field == "bags"
    (whole,) = settled(override("nix", line=None), found=()).stopping
    assert (whole.field, whole.line, whole.source) == ("", None, "")
    assert whole.message.startswith("没有需要授权的情况")


def test_two_for_one_finding_are_refused() -> None:
    """Nobody can tell which of two overrides holds."""
    (one,) = settled(override(), override(comment=COMMENT + "！")).stopping
    assert (one.code, one.rule, one.line, one.field) == ("override-twice", "", None, "")


@pytest.mark.parametrize("by", [TECHNICIAN, None], ids=["role too low", "nobody"])
def test_the_role_is_needed(by: Person | None) -> None:
    """A technician does not pass what a reviewer must, and neither does nobody; the sentence names who may."""
    (one,) = settled(override(), by=by).stopping
    assert (one.code, one.line, one.field, one.rule, one.level) == ("override-role", 1, "bags", "alone", Level.BLOCK)
    assert one.message == "第 1 袋：题：您的角色不能授权，请由审核、主任授权"
    (whole,) = settled(override(line=None), found=(finding(line=None),), by=by).stopping
    assert whole.message.startswith("题：")


@pytest.mark.parametrize(
    ("comment", "stops"),
    [
        ("", True),
        ("　 \t", True),
        ("一二三四五", True),
        ("一 二 三 四 五", True),
        ("一二三四五六", False),
        ("一二 三四五六七", False),
    ],
)
def test_the_comment_is_written(comment: str, stops: bool) -> None:
    """At least six characters that are no blanks."""
    assert LEAST_COMMENT == 6
    assert codes(settled(override(comment=comment))) == (["override-comment"] if stops else [])


def test_the_reason_is_coded() -> None:
    """A reason that is not in the table explains nothing."""
    assert codes(settled(override(reason=""))) == ["override-reason"]
    assert codes(settled(override(reason="because"))) == ["override-reason"]
    assert codes(settled(override(reason="other"))) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    """Role, reason and comment are not asked one after the other."""
    assert codes(settled(override(reason="", comment=""), by=TECHNICIAN)) == [
        "override-role",
        "override-reason",
        "override-comment",
    ]


def sign(person: Person = TECHNICIAN, for_: str = "override:both:1", ago: float = 0) -> Signature:
    """Return a signature that was given some seconds ago."""
    return Signature(person, for_, NOW - timedelta(seconds=ago))


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (None, "override-second"),
        (sign(for_="override:both:2"), "override-second"),
        (sign(for_="override:alone:1"), "override-second"),
        (sign(ago=HOLDS.total_seconds()), "override-second"),
        (sign(ago=-1), "override-second"),
        (sign(REVIEWER), "override-same-person"),
        (sign(Person("1", "other", "别名", frozenset())), "override-same-person"),
    ],
    ids=["none", "other bag", "other rule", "too old", "from the future", "the same", "the same under another name"],
)
def test_the_second_person_signs_for_this(second: Signature | None, code: str) -> None:
    """A second person other than the first signed for this rule and this bag, not long ago."""
    assert codes(settled(override("both", second=second), found=(finding("both"),))) == [code]


def test_a_second_signature_passes() -> None:
    """A fresh signature for this purpose by another person is enough; where none is needed none is asked."""
    assert purpose("both", 1) == "override:both:1"
    assert purpose("both", None) == "override:both:0"
    assert codes(settled(override("both", second=sign()), found=(finding("both"),))) == []
    assert codes(settled(override("both", second=sign(ago=HOLDS.total_seconds() - 1)), found=(finding("both"),))) == []
    whole = override("both", line=None, second=sign(for_="override:both:0"))
    assert codes(settled(whole, found=(finding("both", line=None),))) == []
    nobody = settled(override("both", second=sign()), found=(finding("both"),), by=None)
    assert codes(nobody) == ["override-role"]
