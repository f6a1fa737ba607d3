"""A group code gives what the label states and nothing more."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import blood_group
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.reference import table

CODES = [gg for row in table("isbt128", "blood_groups.json")["groups"] for gg in row["gg"]]
MESSAGES = [row["gg"] for row in table("isbt128", "blood_groups.json")["messages"]]


@pytest.mark.parametrize(
    ("content", "abo", "rhd"),
    [
        ("6200", "A", "positive"),
        ("0600", "A", "negative"),
        ("5100", "O", "positive"),
        ("9500", "O", "negative"),
        ("7300", "B", "positive"),
        ("1700", "B", "negative"),
        ("8400", "AB", "positive"),
        ("2800", "AB", "negative"),
        ("5500", "O", None),
        ("6600", "A", None),
        ("7700", "B", None),
        ("8800", "AB", None),
        ("P200", "O", None),
        ("A000", "A", None),
        ("D000", "O", None),
        ("C000", "AB", None),
        ("E000", None, "positive"),
        ("F000", None, "negative"),
        ("G000", None, None),
        ("H000", None, None),
        ("I000", "A", None),
        ("K000", "AB", None),
        ("D600", None, "negative"),
        ("E600", None, "positive"),
        ("G600", None, "negative"),
        ("H600", None, "positive"),
        ("I600", "O", "negative"),
        ("J600", "O", "positive"),
        ("K600", "A", "negative"),
        ("N600", "A", "positive"),
        ("L600", "B", "negative"),
        ("O600", "B", "positive"),
        ("M600", "AB", "negative"),
        ("Q600", "AB", "positive"),
        ("0000", None, None),
        ("Mq00", None, None),
    ],
)
def test_groups(content: str, abo: str | None, rhd: str | None) -> None:
    """Each group code gives its ABO and RhD, and None where it does not state them."""
    group = blood_group.interpret(content)
    assert (group.abo, group.rhd) == (abo, rhd)
    assert group.group_code == content


@pytest.mark.parametrize(
    "gg", ["55", "66", "77", "88", "P7", "A8", "B9", "C2", "A0", "B0", "C0", "D0", "G0", "H0", "I0"]
)
def test_rhd_not_stated_is_never_positive(gg: str) -> None:
    """A code that states no RhD gives none and warns."""
    group = blood_group.interpret(f"{gg}00")
    assert group.rhd is None
    assert "rhd-not-stated" in {problem.code for problem in blood_group.cautions(group)}
    assert "阳性" not in blood_group.format(f"{gg}00")


@pytest.mark.parametrize(
    ("codes", "uses"),
    [
        ("62 58 59 60 61 63 64 65", None),
        ("95 91 92 93 94 96 97 98", None),
        ("66 A2 A3 A4 A5 A7 A8 A9", None),
        ("G6 G2 G3 G4 G5 G7 G8 G9", None),
    ],
)
def test_donation_uses(codes: str, uses: None) -> None:
    """The eight codes of a group name the same group and the eight intended uses, in the order of the table."""
    groups = [blood_group.interpret(f"{gg}00") for gg in codes.split()]
    assert len({(group.abo, group.rhd, group.variant) for group in groups}) == 1
    assert [group.donation_use for group in groups] == [
        "unspecified",
        "directed-only",
        "emergency",
        "directed-biohazard",
        "directed-crossover",
        "autologous-crossover",
        "autologous-only",
        "autologous-biohazard",
    ]
    assert [bool([p for p in blood_group.cautions(group) if p.code == "donation-use"]) for group in groups] == [
        False
    ] + [True] * 7


@pytest.mark.parametrize("gg", ["Mb", "Md", "Mq", "Mx", "Mr", "Mf"])
def test_messages_that_forbid_use_quarantine(gg: str) -> None:
    """A message that forbids transfusion puts the bag in quarantine and says so."""
    group = blood_group.interpret(f"{gg}00")
    assert group.quarantine
    assert group.message == gg
    assert [problem.code for problem in blood_group.cautions(group)] == ["quarantine"]


@pytest.mark.parametrize("gg", ["00", "Ma"])
def test_other_messages_warn_without_quarantine(gg: str) -> None:
    """A message that is no prohibition gives no group and warns, without quarantine."""
    group = blood_group.interpret(f"{gg}00")
    assert not group.quarantine
    assert [problem.code for problem in blood_group.cautions(group)] == ["no-group"]


@pytest.mark.parametrize(
    ("r", "phenotype"),
    [
        ("0", None),
        ("S", "K-"),
        ("T", "K+"),
        ("1", "C-c+E-e+"),
        ("B", "C+c+E-e+ K-"),
        ("L", "C+c+E+e+ K+"),
        ("D", "C+c+E+e- K-"),
        ("5", "C-c+E+e+"),
        ("O", "C-c+E+e- K+"),
        ("7", "C+c-E-e+"),
        ("H", "C+c-E+e+ K-"),
        ("R", "C+c-E+e- K+"),
        ("X", "C-E-"),
        ("Y", "C-E- K-"),
        ("Z", "C-E- K+"),
        ("U", "Mia-"),
        ("V", "Mia+"),
        ("W", None),
    ],
)
def test_phenotypes(r: str, phenotype: str | None) -> None:
    """The third character gives the Rh, Kell or Miltenberger phenotype; W sends to the special testing code."""
    group = blood_group.interpret(f"62{r}0")
    assert group.phenotype == phenotype
    assert [problem.code for problem in blood_group.cautions(group)] == (["special-testing"] if r == "W" else [])


def test_codes_are_unique_and_no_message_is_a_group() -> None:
    """No two characters name two groups, or a group and a message."""
    assert len(CODES) == len(set(CODES)) == 24 * 8 + 12
    assert not set(CODES) & set(MESSAGES)
    assert len(MESSAGES) == 14


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "length"),
        ("62", "length"),
        ("62000", "length"),
        ("600", "lost-zero"),
        ("0100", "unknown-group"),
        ("9900", "unknown-group"),
        ("mq00", "unknown-group"),
        ("MQ00", "unknown-group"),
        ("62a0", "format"),
        ("6２٠0", "format"),
        ("6201", "reserved-character"),
        ("=%620", "length"),
    ],
)
def test_refusals_are_named(content: str, code: str) -> None:
    """A refused group code names what is wrong."""
    with pytest.raises(CodeError) as caught:
        blood_group.validate(content)
    assert caught.value.code == code


def test_lost_zero_is_only_suggested() -> None:
    """Three digits are never a group; only those of a group without phenotype lead to a suggestion."""
    suggested = {f"{n:03}": blood_group.lost_zero(f"{n:03}") for n in range(1000)}
    assert not any(blood_group.is_valid(text) for text in suggested)
    assert {text: found for text, found in suggested.items() if found} == {f"{n}00": f"0{n}00" for n in range(2, 10)}


def test_format() -> None:
    """A group is shown in words and other text is left alone."""
    assert blood_group.format("=%6200") == "A型 RhD阳性"
    assert blood_group.format("8800") == "AB型 RhD未注明"
    assert blood_group.format("H600") == "ABO未注明（孟买型） RhD阳性"
    assert blood_group.format("Mb00") == "生物危害"
    assert blood_group.format("600") == "600"


@given(st.text() | st.text(string.ascii_letters + string.digits, min_size=3, max_size=5))
def test_any_text_is_answered(text: str) -> None:
    """Whatever the text is, a valid code has a row in the tables and everything else is refused."""
    if blood_group.is_valid(text):
        assert blood_group.compact(text)[:2] in CODES + MESSAGES
    else:
        assert blood_group.format(text) == text
