"""Each data structure offered to each field – one field takes it, all others refuse it by its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.forms.scan_router import Router
from bloodbank_desktop.records.codes import scan
from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.stock_in import StockInBag
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules import scan_labels as labels
from bloodbank_desktop.rules import scanning
from bloodbank_desktop.rules.catalogue import RULES, Moment, Said, findings
from bloodbank_desktop.rules.facts import Facts
from tests.forms.bags import label_scans
from tests.samples import NOW, check_character, donation_number

NUMBER = donation_number(7)
#: By hand from ICCBBA ST-001 table 2: what a scanner sends, the field that it fills, and what it is called.
CODES = {
    f"={NUMBER}00": ("donation_number", "献血码"),
    "=%6200": ("abo", "血型码"),
    "=<E5445V00": ("product_code", "产品码"),
    "&>0263652359": ("expires_at", "失效时间"),
    "=>026365": ("expires_at", "失效日期"),
    "&*0263240900": ("collected_at", "采集时间"),
    "=*026324": ("collected_at", "采集日期"),
    "=)1234567890": ("", "容器厂商码"),
    '&"000000000000000012': ("", "输血传播疾病标志物"),
}
FIELDS = {
    "donation_number": "献血码", "product_code": "产品码", "split": "分袋码", "abo": "血型码", "expires_at": "失效码",
    "collected_at": "采血时间码",
}  # fmt: skip
WRONG_TUBE = f"={NUMBER}07"


def asked(raw: str, field: str = "", **bag: Any) -> list[tuple[str, str, str]]:
    """Return code, level and sentence of what the rules of scanning find when a field is offered a scan."""
    values = {"bags": ({"donation_number": "", "product_code": "", **bag, "scans": raw},)}
    found = findings(Moment.SCAN, values, Facts(NOW, expects=field))
    return [(one.code, one.level.value, one.message.removeprefix("第 1 袋：")) for one in found]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("raw", "belongs"), CODES.items())
def test_each_structure_at_each_field(raw: str, belongs: tuple[str, str], field: str) -> None:
    """A code fills its own field; at any other it is refused with its name and what to scan instead."""
    mine, name = belongs
    found = asked(raw, field)
    if field == mine:
        assert found == []
        assert not isinstance(scanning.for_field(raw, field, FIELDS[field]), Said)
        return
    ((code, level, sentence),) = found
    assert (code, level) == ("wrong-label", "block")
    assert name in sentence.partition("，")[0] and f"请扫{FIELDS[field]}" in sentence
    refused = scanning.for_field(raw, field, FIELDS[field])
    assert isinstance(refused, Said) and scanning.sentence("scan-code", refused).startswith(sentence.partition("。")[0])


@pytest.mark.parametrize(("raw", "belongs"), CODES.items())
def test_codes_of_a_bag_at_a_field_of_something_else(raw: str, belongs: tuple[str, str]) -> None:
    """A sample's field takes no code of a bag; what names itself as nothing of a bag goes in as it is."""
    found = scanning.for_field(raw, "sample_no", "标本号")
    assert isinstance(found, Said) is bool(belongs[0])
    assert scanning.for_field("BB00000001\r\n", "sample_no", "标本号") == "BB00000001"
    assert scanning.for_field("ZY 1", "donation_number", "献血码") == "ZY 1"


def test_concatenated_codes() -> None:
    """A code that holds number and group may fill either field; with another bag's number in it, it fills none."""
    both = f"={NUMBER}00=%6200"
    for field in ("", "donation_number", "abo"):
        assert asked(both, field) == []
    assert asked(both, "product_code")[0][0] == "wrong-label"
    for mixed in (f"={NUMBER}00={donation_number(8)}00", "=%6200=%7300", "=<E5445V00=<E6170V00"):
        read = scan.read(mixed)
        if read.ok:
            assert asked(mixed) == [("two-bags", "block", asked(mixed)[0][2])]
            assert "不是同一袋" in asked(mixed)[0][2]


def test_a_second_label_of_another_bag() -> None:
    """What the bag already holds is not overwritten: another number, group, product or expiry is another bag's."""
    held = {"donation_number": NUMBER, "abo": "A", "rhd": "positive", "product_code": "E5445V00"}
    for raw in (f"={donation_number(8)}00", "=%7300", "=%0600", "=<E6170V00"):
        ((code, level, sentence),) = asked(raw, "", **held)
        assert (code, level) == ("other-bag", "block") and "另一袋" in sentence
    for raw in (f"={NUMBER}00", "=%6200", "=<E5445V00", "&>0263652359"):
        assert asked(raw, "", **held) == []


def test_damaged_and_doubtful_codes() -> None:
    """A wrong check character, a code without identifier, a lost zero, a tube's label, a group without RhD: each by name."""
    right = check_character(NUMBER)
    wrong = next(c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*" if c != right)
    flag = 60 + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*".index(wrong)
    cases = {
        f"={NUMBER}{flag:02d}": "check-character",
        "600": "lost-zero",
        WRONG_TUBE: "control-label",
        "": "unreadable",
        "&1XXXX": "unreadable",
    }
    for raw, code in cases.items():
        assert [one[0] for one in asked(raw)] == [code], raw
    assert {one.level.value for one in RULES["scan-code"].findings(*_values("600"))} == {"warn"}


def test_what_was_lost_or_is_missing_is_said_whole() -> None:
    """A lost zero says which code it looks like and which key confirms it; nothing read says so; a form is no label."""
    assert asked("600") == [
        ("lost-zero", "warn", "“600”像是丢了首位0的血型码“0600”（A型 RhD阴性）。袋签上确是如此请按 F9 确认，否则请重扫")
    ]
    assert asked("") == [("unreadable", "block", "没有采用：没有读到内容。请重新扫描。")]


def test_a_confirmation_that_does_not_fit_asks_again() -> None:
    """Whoever confirmed something else than what was suggested is asked again in the same words, not left with an error."""
    found = scanning.brought(scan.read("600", confirmed="7300"), labels.BAG_CODES, "血型码", "请扫血型码")
    assert isinstance(found, Said)
    assert scanning.sentence("scan-code", found) == asked("600")[0][2]


@given(
    st.text(max_size=30) | st.text("=%&<>*)0123456789ABCMabc", max_size=30) | st.sampled_from([*CODES, "=%600", "600"]),
    st.none() | st.sampled_from(["0600", "7300", ""]),
)
def test_no_text_is_too_strange(raw: str, confirmed: str | None) -> None:
    """Whatever was scanned and confirmed fills fields that there are, or is refused in a whole sentence; nothing raises."""
    found = scanning.brought(
        scan.read(raw, confirmed=confirmed), labels.BAG_CODES | labels.TESTED, scanning.ANY_CODE, "请重扫"
    )
    if isinstance(found, Said):
        assert "{" not in scanning.sentence("scan-code", found)
    else:
        assert found and set(found) <= set(line_type(StockInBag).fields)


def test_two_bags_in_one_reading_fill_nothing() -> None:
    """A reading whose codes contradict each other is of two bags, also where the reader let it pass."""
    one, other = (scan.read(f"={donation_number(index)}00") for index in (7, 8))
    both = replace(one, structures=(*one.structures, *other.structures))
    assert both.ok
    found = scanning.brought(both, labels.BAG_CODES, "献血码", "请扫献血码")
    assert isinstance(found, Said)
    assert scanning.sentence("scan-code", found).startswith("一次扫描中有两个不同的献血码，不是同一袋的标签")
    assert scanning.brought(replace(one, structures=one.structures * 2), labels.BAG_CODES, "", "") == {
        "donation_number": NUMBER
    }


def test_an_antigen_code_that_states_nothing_is_said() -> None:
    """An antigen code without any antigen brings nothing; one with antigens brings what it states."""
    kept = labels.BAG_CODES | labels.TESTED
    nothing = scanning.brought(scan.read("=\\900000000000000000"), kept, "抗原码", "请扫抗原码")
    assert isinstance(nothing, Said)
    assert scanning.sentence("scan-code", nothing) == "这个红细胞抗原码没有写明任何抗原，没有采用。请扫抗原码"
    assert scanning.brought(scan.read("=\\000000000000000000"), kept, "", "") == {
        "antigens_positive": ("rh_big_c", "rh_big_e"),
        "antigens_negative": ("rh_small_c", "rh_small_e"),
    }


def test_moments_of_a_label_are_kept_in_utc() -> None:
    """A time of day on a label, which is China time, is kept as the same moment in UTC."""
    found = scanning.brought(scan.read("&>0263652359"), labels.BAG_CODES, "", "")
    assert not isinstance(found, Said)
    assert found["expires_at"].tzinfo is UTC
    assert found["expires_at"] == datetime(2026, 12, 31, 15, 59, tzinfo=UTC)


_TOO_SHORT = "没有采用：读到的像是献血码：应有15位，这里有3位，条码没有读全或读多了。请重新扫描。"


@pytest.mark.parametrize(
    ("raw", "key", "label", "taken"),
    [
        ("=%6200", "sample_no", "标本号", "这是血型码，不是标本号。请扫标本号"),
        ("ZY=1", "sample_no", "标本号", "ZY=1"),
        ("BB=1", "donation_number", "献血码", "BB=1"),
        ("%6200", "donation_number", "献血码", "%6200"),
        ("6200", "abo", "血型码", "6200"),
        ("=zzz", "donation_number", "献血码", _TOO_SHORT),
        ("&1XXXX", "abo", "血型码", None),
        ("=", "abo", "血型码", None),
    ],
)  # fmt: skip
def test_a_field_takes_typed_text_and_refuses_codes_of_others(
    raw: str, key: str, label: str, taken: str | None
) -> None:
    """What names itself as a code is judged as one at its first character; anything else is what a keyboard typed."""
    found = scanning.for_field(raw, key, label)
    if taken is None:
        assert isinstance(found, Said)
    elif isinstance(found, Said):
        assert scanning.sentence("scan-code", found) == taken
    else:
        assert found == taken


def _values(raw: str) -> tuple[dict[str, Any], Facts]:
    return {"bags": ({"donation_number": "", "product_code": "", "scans": raw},)}, Facts(NOW)


def _router(lines: list[dict[str, Any]]) -> Router:
    return Router(line_type(StockInBag), lambda: NOW, lines)


@given(
    st.integers(0, 40),
    st.permutations(range(4)),
    st.integers(0, 3),
    st.sampled_from([*CODES, WRONG_TUBE, "600", "&1XXXX"]),
)
def test_the_router_and_the_rules_say_the_same(index: int, order: list[int], scanned: int, raw: str) -> None:
    """Whatever of a bag is there and whatever comes next, the router refuses what the rules refuse, in the same words."""
    codes = label_scans(index)
    router = _router([])
    for place in order[:scanned]:
        router.accept(scan.read(codes[place]))
    line = dict(router.lines[0]) if router.lines and router.current is not None else {}
    verdict = router.weigh(scan.read(raw)).verdict
    said = [one for one in asked(raw, "", **{k: v for k, v in line.items() if k != "scans"}) if one[0] != "two-bags"]
    for code, _, sentence in said:
        if code == "other-bag":
            assert verdict.code == "other-bag"
            assert sentence.partition("，这却是")[2] == verdict.message.partition("，这却是")[2]
        else:
            assert verdict.code in (code, "wrong-label")
            assert sentence.partition("。")[0] == verdict.message.partition("。")[0]
    if not said:
        assert verdict.code not in ("wrong-label", "other-bag", "check-character", "unreadable", "no-identifier")
