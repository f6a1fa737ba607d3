"""A scan finds its bag or is refused by name; a refusal changes nothing, and no scans ever make a mixed bag."""

from __future__ import annotations

import copy
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.scan_router import Router, missing
from bloodbank_desktop.forms.verdicts import Verdict
from bloodbank_desktop.records.codes import scan
from bloodbank_desktop.records.codes.structures import compound
from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.stock_in import StockInBag
from bloodbank_desktop.records.validate import problems
from tests.forms.bags import expected_bag, expiry_code, label_scans
from tests.forms.fakes import FakeStockRow
from tests.samples import NOW, donation_number

BAG = line_type(StockInBag)


def router(lines: list[dict[str, Any]] | None = None, *, most: int = 400) -> Router:
    """Return the router of a delivery at the moment of the samples."""
    return Router(BAG, lambda: NOW, lines or [], most=most)


def feed(target: Router, *texts: str) -> Verdict:
    """Scan codes one after the other; return the last verdict."""
    verdict = None
    for text in texts:
        verdict = target.accept(scan.read(text))
    assert verdict is not None
    return verdict


def facts(line: dict[str, Any]) -> dict[str, Any]:
    """Return what the label said."""
    keys = ("donation_number", "product_code", "component", "abo", "rhd", "amount", "expires_at", "entry")
    return {key: line[key] for key in keys}


def refuses(target: Router, text: str, code: str, *words: str) -> Verdict:
    """Scan a code that must be refused by this name and with these words, and change nothing."""
    before = copy.deepcopy(target.lines)
    verdict = feed(target, text)
    assert verdict.code == code, verdict
    assert target.lines == before
    assert not verdict.accepted
    for word in words:
        assert word in verdict.message
    return verdict


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1), (1, 3, 0, 2)])
def test_a_bag_is_complete_in_any_order(order: tuple[int, ...]) -> None:
    """Donation number, group, product and expiry make a bag, whatever comes first."""
    target = router()
    codes = label_scans(0)
    verdicts = [feed(target, codes[place]) for place in order]
    assert [v.code for v in verdicts] == ["accepted", "accepted", "accepted", "complete"]
    assert [v.tone for v in verdicts] == [Tone.ACCEPTED] * 3 + [Tone.DONE]
    assert facts(target.lines[0]) == expected_bag(0)
    assert target.lines[0]["scans"].splitlines() == [codes[place] for place in order]
    assert problems(BAG, target.lines[0]) == []


def test_what_is_expected_shrinks_and_starts_again() -> None:
    """The router says which codes the bag still lacks, and after the last one those of the next bag."""
    target = router()
    assert target.expected() == ("献血码", "血型码", "产品码", "失效码")
    codes = label_scans(0)
    feed(target, codes[0], codes[3])
    assert target.expected() == ("血型码", "产品码")
    assert "血型码、产品码" in feed(target, codes[0]).message
    feed(target, codes[1], codes[2])
    assert target.expected() == ("献血码", "血型码", "产品码", "失效码")


@pytest.mark.parametrize("count", [2, 3, 4])
def test_concatenated_and_compound_codes_are_taken_whole(count: int) -> None:
    """Several structures in one scan fill several fields at once."""
    codes = label_scans(1)
    target = router()
    feed(target, compound(codes[:count]))
    assert missing(target.lines[0]) == ("产品码", "失效码")[count - 2 :]
    target = router()
    feed(target, codes[0] + codes[1], codes[2] + codes[3])
    assert facts(target.lines[0]) == expected_bag(1)


def test_a_compound_code_with_one_wrong_part_is_refused_whole() -> None:
    """All or nothing: the good parts of a refused scan are not used."""
    codes = label_scans(0)
    refuses(router(), compound([codes[0], "=%6600", codes[2]]), "group-without-rhd")
    refuses(router(), compound([codes[0], codes[1], "='A9999123456"]), "wrong-label", "工作人员")


def test_harmless_neighbours_in_a_compound_code_are_kept_raw() -> None:
    """Production date and test codes beside the bag's own codes do not stop it and stand in the raw scan."""
    codes = label_scans(0)
    text = compound([*codes, "=}026320", "=\\880000008700000000"])
    target = router()
    assert feed(target, text).code == "complete"
    assert target.lines[0]["scans"] == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("&)1234567890", "这是容器批号，不是"),
        ("='A9999123456", "工作人员编号"),
        ("&#010412AB", "患者编号"),
        ("=;A99991234567890123456", "献血者编号"),
        ("=A99991712345606", "小辫管"),
        ("=A99991712345607", "试管"),
        ("=A99991712345608", "献血记录"),
        ("=A99991712345611", "配血标签"),
        ("=}026320", "制备日期"),
        ("&(N0003", "特殊检测"),
    ],
)
def test_a_wrong_kind_of_label_is_named(text: str, words: str) -> None:
    """Who scans another label hears a tone of its own and reads what it was and what to scan."""
    verdict = refuses(router(), text, "wrong-label", words)
    assert (verdict.tone, verdict.role) == (Tone.WRONG_LABEL, Role.REFUSED)
    assert "请扫" in verdict.message


@pytest.mark.parametrize("flag", ["00", "01", "15", "05", "12", "13", "45", "70"])
def test_labels_of_the_bag_itself_are_taken(flag: str) -> None:
    """Container numbers, second labels, local flags and checksums stand on bags."""
    assert feed(router(), f"=G123417654321{flag}").accepted


def test_another_bags_code_on_an_incomplete_line_is_refused() -> None:
    """A second, different code of one kind is another bag's; nothing is overwritten."""
    target = router()
    first, second = label_scans(0), label_scans(8)
    feed(target, first[0], first[1])
    for place, word in ((0, "献血码"), (1, "血型码")):
        verdict = refuses(target, second[place], "other-bag", "第 1 袋还没扫齐", "产品码、失效码", word, "Ctrl+Del")
        assert (verdict.line, verdict.tone) == (1, Tone.OTHER_BAG)


def test_the_same_code_again_is_a_gentle_word_with_its_own_tone() -> None:
    """A code scanned twice changes nothing and is told apart from a refusal, in the middle of a bag and after it."""
    target = router()
    codes = label_scans(0)
    feed(target, codes[0])
    verdict = refuses(target, codes[0], "again", "已扫过", "第 1 袋的献血码")
    assert (verdict.tone, verdict.role) == (Tone.DUPLICATE, Role.INFO)
    feed(target, *codes[1:])
    for code in codes:
        refuses(target, code, "again", "已扫过")


def test_a_bag_scanned_again_later_is_refused_with_its_line() -> None:
    """The same bag twice in one delivery is found as soon as donation number and product are known."""
    target = router()
    feed(target, *label_scans(0), *label_scans(1))
    feed(target, label_scans(0)[0])
    verdict = refuses(target, label_scans(0)[2], "duplicate-in-delivery", "第 1 袋", "Ctrl+Del")
    assert (verdict.line, verdict.tone) == (1, Tone.DUPLICATE)


def test_two_products_of_one_donation_are_two_bags() -> None:
    """A donation number alone is no bag: red cells and plasma of one donation enter both."""
    target = router()
    codes = label_scans(0)
    feed(target, *codes)
    feed(target, "=<E0869V00", codes[3], codes[1], codes[0])
    assert [line["product_code"] for line in target.lines] == ["E6170V00", "E0869V00"]
    assert missing(target.lines[1]) == ()


def test_one_donation_with_two_groups_is_refused() -> None:
    """Two bags of one donation cannot differ in group; at least one label is wrong."""
    target = router()
    codes = label_scans(0)
    feed(target, *codes)
    feed(target, "=<E0869V00", codes[0])
    refuses(target, "=%7300", "group-contradiction", "血型不同", "第 1 袋")


def test_a_bag_in_stock_is_refused_with_where_and_when() -> None:
    """A bag that came before says when and with which delivery; the stock is asked once its identity is known."""
    asked: list[Any] = []

    def in_stock(key: Any) -> FakeStockRow:
        asked.append(key)
        return FakeStockRow()

    target = router()
    codes = label_scans(0)
    for code in codes[:2]:
        target.accept(scan.read(code), in_stock)
    assert asked == []
    before = copy.deepcopy(target.lines)
    verdict = target.accept(scan.read(codes[2]), in_stock)
    assert asked == [(donation_number(0), "E6170V00", "")]
    assert (verdict.code, verdict.tone, target.lines) == ("duplicate-in-stock", Tone.IN_STOCK, before)
    assert "2026-11-20 09:00" in verdict.message
    assert "RK20261120001" in verdict.message


def test_an_expired_bag_is_refused() -> None:
    """At the minute of its expiry a bag is expired."""
    refuses(router(), expiry_code(NOW), "expired", "过期", "退回")
    assert feed(router(), expiry_code(NOW + timedelta(minutes=1))).accepted


def test_an_unknown_product_is_refused() -> None:
    """What the dictionary does not know never enters as something else."""
    refuses(router(), "=<E9999V00", "unknown-product", "E9999V00", "产品字典")


def test_a_damaged_check_character_is_refused() -> None:
    """A number whose checksum does not fit was misread."""
    refuses(router(), "=G12341765432171", "check-character", "校验")


@pytest.mark.parametrize("text", ["GARBAGE", "", "=A999917123456", "=%", "啊", "=+09000=%6200"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """Half a code, noise and nothing are refused, never repaired."""
    refuses(router(), text, "unreadable")


def test_a_code_without_identifier_is_not_guessed() -> None:
    """A bare group or product code could be several things; the person is told what to set."""
    refuses(router(), "6200", "no-identifier", "数据标识符")


def test_a_lost_zero_waits_for_a_person() -> None:
    """600 is never taken for 0600 by itself; with the explicit confirmation it is, and the raw scan stays as it was."""
    target = router()
    feed(target, label_scans(0)[0])
    verdict = refuses(target, "600", "lost-zero", "0600", "F9")
    assert (verdict.suggestion, verdict.role) == ("0600", Role.ATTENTION)
    taken = target.accept(scan.read("600", confirmed="0600"))
    assert taken.accepted
    assert (target.lines[0]["abo"], target.lines[0]["rhd"]) == ("A", "negative")
    assert target.lines[0]["scans"].splitlines()[-1] == "600"


@pytest.mark.parametrize("code", ["5500", "6600", "7700", "8800", "A000"])
def test_a_group_without_rhd_is_refused(code: str) -> None:
    """A label without RhD is never taken for positive."""
    refuses(router(), f"=%{code}", "group-without-rhd", "袋签未标明 RhD，不能入库")


@pytest.mark.parametrize("code", ["0000", "D600", "Ma00", "T100"])
def test_a_group_without_abo_is_refused(code: str) -> None:
    """What states no ABO group gives none."""
    refuses(router(), f"=%{code}", "group-without-abo", "ABO")


def test_a_quarantine_mark_is_kept_and_said() -> None:
    """A label that says quarantine is noted on its bag, and the bag is announced as not to be used."""
    target = router()
    refuses(target, "=%Mq00", "needs-bag")
    codes = label_scans(0)
    feed(target, codes[0])
    verdict = feed(target, "=%Mq00")
    assert (verdict.accepted, verdict.role) == (True, Role.ATTENTION)
    verdict = feed(target, *codes[1:])
    assert target.lines[0]["label_message"] == "Mq"
    assert (verdict.code, verdict.role) == ("complete", Role.ATTENTION)
    assert "隔离" in verdict.message


def test_a_collection_time_belongs_to_the_bag_in_hand() -> None:
    """Between two bags a collection time could be either's and is refused; within a bag it is taken and compared."""
    target = router()
    codes = label_scans(0)
    refuses(target, "&*0263200800", "needs-bag", "献血码")
    feed(target, codes[0], "&*0263200800", *codes[1:])
    assert target.lines[0]["collected_at"] is not None
    refuses(target, "&*0263190800", "needs-bag")


def test_a_collection_after_the_expiry_is_refused() -> None:
    """A bag is collected before it expires; the scan that contradicts is refused."""
    target = router()
    feed(target, label_scans(0)[0], expiry_code(NOW + timedelta(days=5)))
    refuses(target, "&*0263500800", "time-order", "采血时间", "失效时间")


def test_a_division_of_its_own_is_asked_for() -> None:
    """Product division 99 says that a division code follows; the bag is whole only with it."""
    target = router()
    codes = label_scans(0)
    feed(target, codes[0], codes[1], "=<E6170V99", codes[3])
    assert target.expected() == ("分袋码",)
    assert feed(target, "=,000012").code == "complete"
    assert target.lines[0]["split"] == "000012"
    feed(target, label_scans(1)[0], label_scans(1)[2])
    refuses(target, "=,000012", "other-bag", "分袋码")


def test_full_width_characters_are_repaired_and_said() -> None:
    """A repair is never silent."""
    verdict = feed(router(), "＝％６２００")
    assert (verdict.accepted, verdict.role) == (True, Role.ATTENTION)
    assert "全角" in verdict.message


def test_control_characters_do_not_enter_the_record() -> None:
    """The raw scan is kept without control characters, so that the record can hold it."""
    target = router()
    codes = label_scans(0)
    feed(target, codes[0] + "\r\n", "\t" + codes[1], *codes[2:])
    assert target.lines[0]["scans"].splitlines() == codes
    assert problems(BAG, target.lines[0]) == []


def test_a_delivery_has_its_limit() -> None:
    """Beyond the limit a new bag is refused with what to do."""
    target = router(most=1)
    feed(target, *label_scans(0))
    refuses(target, label_scans(1)[0], "too-many-bags", "1 袋", "登记")


def test_removing_a_bag_makes_room_for_its_codes() -> None:
    """After a removal the same bag can be scanned anew."""
    target = router()
    feed(target, *label_scans(0), label_scans(1)[0])
    target.remove(1)
    target.remove(0)
    assert feed(target, *label_scans(0)).code == "complete"


def test_a_reopened_delivery_goes_on_with_its_incomplete_bag() -> None:
    """From the kept lines the router stands where it stood."""
    first = router()
    feed(first, *label_scans(0), *label_scans(1)[:2])
    again = router(copy.deepcopy(first.lines))
    assert again.expected() == first.expected() == ("产品码", "失效码")
    feed(again, *label_scans(1)[2:])
    assert facts(again.lines[1]) == expected_bag(1)


def typed(index: int, **changes: Any) -> dict[str, Any]:
    """Return a bag as the manual entry gives it."""
    bag = expected_bag(index)
    kept = {key: bag[key] for key in ("donation_number", "product_code", "abo", "rhd", "expires_at")}
    return {**kept, "entry": "typed_twice", "second_entry": bag["donation_number"], **changes}


def test_a_typed_bag_obeys_the_same_rules() -> None:
    """Typing is no way around expiry, dictionary, duplicates or a bag in hand."""
    target = router()
    assert target.take(target.weigh_typed(typed(0))).code == "complete"
    assert problems(BAG, target.lines[0]) == []
    for changes, code in (
        ({}, "duplicate-in-delivery"),
        ({"donation_number": donation_number(5), "expires_at": NOW}, "expired"),
        ({"donation_number": donation_number(5), "product_code": "E9999V00"}, "unknown-product"),
    ):
        assert target.take(target.weigh_typed(typed(0, **changes))).code == code
    assert len(target.lines) == 1


def test_a_typed_bag_must_agree_with_what_was_scanned_of_it() -> None:
    """With a bag in hand the typed values complete it only if they repeat what was scanned."""
    target = router()
    feed(target, *label_scans(0)[:2])
    before = copy.deepcopy(target.lines)
    assert target.take(target.weigh_typed(typed(7))).code == "contradicts-scan"
    assert target.lines == before
    assert target.take(target.weigh_typed(typed(0))).code == "complete"
    assert len(target.lines) == 1


ORDERS = st.permutations(range(4))


@settings(max_examples=60, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_bags_scanned_one_by_one_are_exact(orders: list[list[int]], chance: random.Random) -> None:
    """Bag by bag, in any order of codes, with repetitions and foreign labels in between, every bag is exact."""
    target = router()
    noise = ["&)1234567890", "GARBAGE", "=%6600", "=A99991712345607", "600", "=<E9999V00"]
    for index, order in enumerate(orders):
        done: list[str] = []
        waiting = [label_scans(index)[place] for place in order]
        while waiting:
            code = waiting.pop(0)
            verdict = feed(target, code)
            if verdict.code == "again":
                # The bag before bears the same code; as the verdict says, the donation number comes first then.
                assert "请先扫它的献血码" in verdict.message
                waiting.append(code)
                continue
            if verdict.code == "in-doubt":
                # After a label of another bag the number of this one says that its labels go on.
                number = label_scans(index)[0]
                assert feed(target, number).code in ("again", "accepted", "complete")
                if number in waiting:
                    waiting.remove(number)
                    done.append(number)
                waiting += [code] * (code != number)
                continue
            done.append(code)
            if chance.random() < 0.3:
                feed(target, chance.choice(noise))
            if chance.random() < 0.3:
                assert feed(target, chance.choice(done)).code == "again"
    assert [facts(line) for line in target.lines] == [expected_bag(index) for index in range(len(orders))]


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 5), st.randoms(use_true_random=False))
def test_codes_that_carry_the_donation_number_never_mix(bags: int, chance: random.Random) -> None:
    """When every code carries its donation number, any interleaving gives exact bags or a named refusal."""
    parts = []
    for index in range(bags):
        codes = label_scans(index)
        rest = codes[1:]
        chance.shuffle(rest)
        parts += [compound([codes[0], rest[0]]), compound([codes[0], rest[1], rest[2]])]
    chance.shuffle(parts)
    target = router()
    verdicts = [feed(target, part) for part in parts]
    known = {donation_number(index): expected_bag(index) for index in range(bags)}
    for line in target.lines:
        whole = known[line["donation_number"]]
        assert all(line.get(key) in (None, value) for key, value in whole.items())
    if all(verdict.accepted for verdict in verdicts):
        assert sorted(line["donation_number"] for line in target.lines) == sorted(known)
        assert all(not missing(line) for line in target.lines)


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 5), st.randoms(use_true_random=False))
def test_no_interleaving_overwrites_or_completes_over_a_contradiction(bags: int, chance: random.Random) -> None:
    """Codes in any disorder: what a line holds never changes, and a second code of a kind on it is refused by name."""
    parts = [code for index in range(bags) for code in label_scans(index)]
    chance.shuffle(parts)
    target = router()
    for part in parts:
        before = copy.deepcopy(target.lines)
        verdict = feed(target, part)
        if not verdict.accepted:
            assert target.lines == before
            assert verdict.code in ("again", "in-doubt", "other-bag", "duplicate-in-delivery", "group-contradiction")
            continue
        assert target.lines[: len(before) - 1] == before[: len(before) - 1]
        if before:
            last, now = before[-1], target.lines[len(before) - 1]
            assert all(now[key] == value for key, value in last.items() if key != "scans")
    for line in target.lines:
        codes = line["scans"].splitlines()
        assert len({code[:2] if code[1] in "%<>" else "001" for code in codes}) == len(codes)


def test_the_code_of_the_next_bag_never_completes_the_bag_before() -> None:
    """After a number of another bag was refused, no code is taken until the number of this bag is scanned again."""
    target = router()
    first, second = label_scans(0), label_scans(1)
    assert target.accept(scan.read(first[0])).accepted
    assert target.accept(scan.read(second[0])).code == "other-bag"
    for code in second[1:]:
        assert target.accept(scan.read(code)).code in ("in-doubt", "other-bag")
    assert [line.get("product_code") for line in target.lines] == [None]
    assert target.accept(scan.read(first[0])).code == "again"
    for code in first[1:]:
        assert target.accept(scan.read(code)).accepted
    assert target.current is None
