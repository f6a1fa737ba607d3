"""An administrator changes what is the hospital's own, with a reason, and no record ever says another thing by it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.operations.table_desk import TableDesk
from bloodbank_desktop.records import tables, wire
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.overlay import Act, Change, Overlay
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.storage import verify
from tests.operations.test_arrivals import arrive, change
from tests.samples import bag_values, delivery_of, referral_values, request_values
from tests.support import REFUSED, FakeClock, bare, open_store, seat

REQUEST = "transfusion_request"
WHY = "输血管理委员会决定"


def refused(code: str, act: Any, *arguments: Any, **more: Any) -> str:
    """Assert that an act is refused with this code and a sentence; return the sentence."""
    with pytest.raises(KnownProblem) as caught:
        act(*arguments, **{"reason": WHY, **more})
    assert caught.value.code == code, caught.value
    return caught.value.message


def codes(caught: pytest.ExceptionInfo[Refused]) -> list[tuple[str, str, int | None]]:
    """Return field, code and line of every problem."""
    return [(one.field, one.code, one.line) for one in caught.value.problems]


@pytest.fixture
def desk(profile: Profile) -> TableDesk:
    """The code tables of a real file."""
    return TableDesk(profile.desk)


# -- what is changed -----------------------------------------------------------------------------------------------


def test_a_change_is_kept_with_who_when_and_why(profile: Profile, desk: TableDesk) -> None:
    """Each change is one row of a history and one audit row, holds at once, and again after the file was closed."""
    desk.add("purpose", "trial", word="临床试验", place=1, reason=WHY)
    desk.set("purpose", "rescue", word="急救", reason=f" {WHY} ")
    desk.retire("purpose", "other", reason=WHY)
    seen = [(one.change.seq, str(one.change.act), one.actor, one.reason, one.at) for one in desk.history("purpose")]
    now = profile.desk.clock.now()
    who = profile.desk.actor
    assert seen == [(n, act, who, WHY, now) for n, act in enumerate(("add", "set", "retire"), start=1)]
    with profile.store.read() as tx:
        noted = tx.execute(text("SELECT action, object FROM audit ORDER BY seq")).all()
    assert [tuple(one) for one in noted] == [
        ("table-add", "table/purpose/trial"), ("table-set", "table/purpose/rescue"), ("table-retire", "table/purpose/other"),
    ]  # fmt: skip
    assert verify.problems(profile.store) == []
    profile.close()
    assert table("purpose").word("rescue") == "抢救"
    again = open_profile(profile.folder, training=True, clock=FakeClock())
    try:
        found = table("purpose")
        assert (next(iter(found)), found.word("rescue"), "other" in found.offered) == ("trial", "急救", False)
        listed = {one.table.name: one.changed for one in TableDesk(again.desk).overview()}
        assert (listed["purpose"], sum(listed.values()), len(listed)) == (3, 3, len(tables.names()))
    finally:
        again.close()


def test_what_was_changed_stays_in_the_file(profile: Profile, desk: TableDesk) -> None:
    """No tool changes or removes a row of the history."""
    desk.set("purpose", "rescue", word="急救", reason=WHY)
    with bare(profile.folder) as connection:
        for statement in (
            "UPDATE table_changes SET body = '{}'",
            "DELETE FROM table_changes",
            "INSERT OR REPLACE INTO table_changes VALUES (1, 'purpose', 'rescue', 'set', '{}', NULL, '', '', '')",
        ):
            with pytest.raises(REFUSED, match="append-only"):
                connection.execute(statement)


def test_a_change_is_taken_back_by_its_number(desk: TableDesk) -> None:
    """A revert is a change of its own; what was changed after it is taken back first, and nothing twice."""
    desk.set("purpose", "rescue", word="急救", reason=WHY)
    desk.set("purpose", "rescue", word="紧急抢救", reason=WHY)
    assert "第 2 号" in refused("changed-since", desk.revert, 1, table="purpose")
    desk.revert(2, table="purpose", reason=WHY)
    assert table("purpose").word("rescue") == "急救"
    refused("no-such-change", desk.revert, 2, table="purpose")
    refused("no-such-change", desk.revert, 3, table="purpose")
    refused("no-such-change", desk.revert, 1, table="out_reason")
    desk.revert(1, table="purpose", reason=WHY)
    assert table("purpose").word("rescue") == "抢救"
    desk.retire("purpose", "other", reason=WHY)
    desk.revert(5, table="purpose", reason=WHY)
    assert "other" in table("purpose").offered


# -- what is refused -----------------------------------------------------------------------------------------------


def test_what_a_standard_fixes_is_refused(desk: TableDesk) -> None:
    """A table of a standard or of the platform is not changed; of one that the program acts on only the words are."""
    assert "CV04.50.005" in refused("not-changeable", desk.set, "abo", "A", word="甲型")
    refused("not-changeable", desk.add, "component", "X", word="新品种")
    refused("not-changeable", desk.retire, "evidence_kind", next(iter(table("evidence_kind"))))
    refused("not-changeable", desk.add, "out_type", "gift", word="赠送")
    refused("not-changeable", desk.retire, "crossmatch_result", "suspicious")
    desk.set("crossmatch_result", "suspicious", word="可疑", reason=WHY)
    refused("unknown-table", desk.set, "no_such", "A", word="x")
    refused("unknown-table", desk.set, "isbt128/blood_groups", "A", word="x")


def test_nothing_is_changed_without_a_reason(desk: TableDesk) -> None:
    """Every act asks why."""
    refused("reason-required", desk.set, "purpose", "rescue", word="急救", reason=" ")
    refused("reason-required", desk.add, "purpose", "trial", word="试验", reason="")
    refused("reason-required", desk.retire, "purpose", "other", reason="")
    refused("reason-required", desk.revert, 1, table="purpose", reason="")
    assert desk.history("purpose") == []


@pytest.mark.parametrize("word", ["", " ", "甲、乙", "甲，乙", "甲\n乙", "长" * 61, "A;B"])
def test_a_word_is_one_line_that_can_be_told_apart(desk: TableDesk, word: str) -> None:
    """Words with separators, line breaks or of no or endless length are refused."""
    refused("wrong-word", desk.add, "symptom", "itch_2", word=word)
    refused("wrong-word", desk.set, "symptom", "fever", word=word)


def test_a_word_belongs_to_one_key_for_ever(desk: TableDesk) -> None:
    """A word that an entry bears, or ever bore, is not given to another; to the same one it may return."""
    refused("word-taken", desk.add, "purpose", "trial", word="抢救")
    desk.set("purpose", "rescue", word="急救", reason=WHY)
    refused("word-taken", desk.add, "purpose", "trial", word="抢救")
    refused("word-taken", desk.set, "purpose", "volume", word="急救")
    desk.set("purpose", "rescue", word="抢救", reason=WHY)
    desk.add("purpose", "trail", word="临床试验", reason=WHY)
    desk.revert(3, table="purpose", reason=WHY)
    # What was added wrongly and never used holds no word back.
    desk.add("purpose", "trial", word="临床试验", reason=WHY)


@pytest.mark.parametrize("key", ["", "Trial", "1st", "a b", "a-b", "词", "a" * 41, "other", "rescue"])
def test_a_key_is_new_and_well_formed(desk: TableDesk, key: str) -> None:
    """A key that is taken or that could not travel is refused."""
    refused("key-taken" if key in table("purpose") else "wrong-key", desk.add, "purpose", key, word="某目的")


def test_senseless_changes_are_refused(desk: TableDesk) -> None:
    """Places outside the table, no change at all, unknown entries and facets, and entries that the program uses."""
    refused("wrong-place", desk.set, "purpose", "rescue", place=0)
    refused("wrong-place", desk.set, "purpose", "rescue", place=99)
    refused("nothing-changed", desk.set, "purpose", "rescue")
    refused("nothing-changed", desk.set, "purpose", "rescue", word="抢救", place=6)
    refused("unknown-code", desk.set, "purpose", "nobody", word="x")
    refused("unknown-facet", desk.set, "purpose", "rescue", facets={"hours": "7"})
    refused("kept", desk.retire, "urgency", "routine")
    desk.retire("purpose", "other", reason=WHY)
    refused("retired-already", desk.retire, "purpose", "other")
    refused("wrong-facet", desk.set, "near_expiry", "plasma", facets={"hours": "一周"})
    refused("wrong-facet", desk.set, "near_expiry", "plasma", facets={"hours": "0"})
    refused("wrong-facet", desk.set, "near_expiry", "plasma", facets={"hours": "1.5"})
    desk.set("near_expiry", "plasma", facets={"hours": "48"}, reason=WHY)
    assert table("near_expiry").facet("plasma", "hours") == 48


@pytest.mark.parametrize("role", ["technician", "reviewer", "director", "viewer"])
def test_only_administrators_change_tables(profile: Profile, desk: TableDesk, role: str) -> None:
    """Whoever lacks the permission changes nothing, whatever the way, and may look; an administrator may change."""
    seat(profile, "训练乙", role)
    refused("role-missing", desk.set, "purpose", "rescue", word="急救")
    refused("role-missing", desk.add, "purpose", "trial", word="试验")
    refused("role-missing", desk.retire, "purpose", "other")
    refused("role-missing", desk.revert, 1, table="purpose")
    assert desk.history("purpose") == []
    assert len(desk.overview()) == len(tables.names())
    seat(profile, "训练丙", "administrator")
    desk.set("purpose", "rescue", word="急救", reason=WHY)
    assert [one.actor for one in desk.history("purpose")] == [profile.desk.actor]


# -- records -------------------------------------------------------------------------------------------------------


def test_records_use_what_was_added(profile: Profile, desk: TableDesk) -> None:
    """An added key is registered, found and shown; while a record holds it, it is not taken back."""
    desk.add("purpose", "trial", word="临床试验", reason=WHY)
    saved = profile.desk.register(REQUEST, request_values(purpose="trial"))
    shown = profile.desk.view(REQUEST, saved.record_id)
    assert record_type(REQUEST).fields["purpose"].kind.format(shown.values["purpose"]) == "临床试验"
    assert "停用" in refused("in-use", desk.revert, 1, table="purpose")
    profile.desk.amend(REQUEST, saved.record_id, request_values(purpose="rescue"))
    # Its former state still says so.
    refused("in-use", desk.revert, 1, table="purpose")
    profile.desk.delete(REQUEST, saved.record_id, reason="重复")
    refused("in-use", desk.revert, 1, table="purpose")
    assert verify.problems(profile.store) == []


def test_a_draft_holds_a_key(profile: Profile, desk: TableDesk) -> None:
    """What an unfinished record or a line of several choices uses is in use."""
    desk.add("purpose", "trial", word="临床试验", reason=WHY)
    desk.add("interfering_drug", "daratumumab_2", word="新单抗", reason=WHY)
    profile.desk.drafts.keep(REQUEST, "draft", {"purpose": "trial"})
    refused("in-use", desk.revert, 1, table="purpose")
    profile.desk.register("immunohaematology_request", referral_values(drugs=("daratumumab_2",)))
    refused("in-use", desk.revert, 2, table="interfering_drug")


def test_a_retired_entry_is_for_old_records(profile: Profile, desk: TableDesk) -> None:
    """New records do not take it, at any depth; a record that has it is amended and keeps it, but none gets it anew."""
    old = profile.desk.register(REQUEST, request_values(purpose="rescue"))
    other = profile.desk.register(REQUEST, request_values(1))
    desk.retire("purpose", "rescue", reason=WHY)
    with pytest.raises(Refused) as caught:
        profile.desk.register(REQUEST, request_values(2, purpose="rescue"))
    assert codes(caught) == [("purpose", "retired", None)]
    assert [one.code for one in profile.desk.check(REQUEST, request_values(2, purpose="rescue"))] == ["retired"]
    profile.desk.amend(REQUEST, old.record_id, request_values(purpose="rescue", indication="另有说明"))
    with pytest.raises(Refused) as caught:
        profile.desk.amend(REQUEST, other.record_id, request_values(1, purpose="rescue"))
    assert codes(caught) == [("purpose", "retired", None)]
    assert table("purpose").word("rescue") == "抢救"


def test_what_was_retired_is_not_shown_at_once(profile: Profile) -> None:
    """A new dialog does not show a retired entry, should one ever be kept no longer."""
    with tables.using(Overlay([Change(1, "urgency", "routine", Act.RETIRE)])):
        assert "urgency" not in profile.desk.fresh(REQUEST)
    assert profile.desk.fresh(REQUEST)["urgency"] == "routine"


def test_a_save_follows_what_another_process_changed(profile: Profile) -> None:
    """What the command line retired a moment ago is refused by this window, although it has not looked since."""
    with bare(profile.folder) as connection:
        connection.execute(
            "INSERT INTO table_changes VALUES (1, 'purpose', 'rescue', 'retire', '{}', NULL, 'x', '2026-11-24T00:00:00Z', '')"
        )
    assert "rescue" in table("purpose").offered
    with pytest.raises(Refused) as caught:
        profile.desk.register(REQUEST, request_values(purpose="rescue"))
    assert codes(caught) == [("purpose", "retired", None)]
    assert "rescue" not in table("purpose").offered
    assert profile.desk.queue.rows(open_only=False) == []


# -- products ------------------------------------------------------------------------------------------------------


def unknown_bag(**changes: Any) -> dict[str, Any]:
    """Return a bag whose product code is in no dictionary yet."""
    typed = {"scans": None, "entry": "typed_twice", "check_character": None}
    return {**bag_values(1), "product_code": "P7777V00", **typed, **changes}


def delivery(**changes: Any) -> dict[str, Any]:
    """Return a delivery of that bag."""
    bag = unknown_bag(**changes)
    return delivery_of([{**bag, "second_entry": bag["donation_number"]}], 1)


def product(**changes: str) -> dict[str, str]:
    """Return what the dictionary says of it."""
    bag = unknown_bag()
    return {"component": bag["component"], "amount": str(bag["amount"]), **changes}


def test_an_unknown_product_is_added_and_received(profile: Profile, desk: TableDesk) -> None:
    """A bag of an unknown product is refused; after the administrator added the product it comes in."""
    with pytest.raises(Refused) as caught:
        profile.desk.register("stock_in", delivery())
    assert codes(caught) == [("bags.product_code", "unknown-product", 1)]
    refused("facet-required", desk.add, "product", "P7777", word="新产品")
    refused("wrong-facet", desk.add, "product", "P7777", word="新产品", facets=product(component="没有"))
    refused("wrong-facet", desk.add, "product", "P7777", word="新产品", facets=product(amount="1.25"))
    assert "前五位" in refused("wrong-key", desk.add, "product", "P7777V00", word="新产品", facets=product())
    desk.add("product", "P7777", word="新产品", facets=product(), reason=WHY)
    profile.desk.register("stock_in", delivery())
    assert verify.problems(profile.store) == []
    refused("in-use", desk.revert, 1, table="product")


def test_the_meaning_of_a_product_in_use_stays(profile: Profile, desk: TableDesk) -> None:
    """Component and amount may be put right until a bag bears the code; of ours never; the shelf life always."""
    desk.add("product", "P7777", word="新产品", facets=product(amount="9"), reason=WHY)
    desk.set("product", "P7777", facets=product(), reason=WHY)
    profile.desk.register("stock_in", delivery())
    assert "每袋的量" in refused("in-use", desk.set, "product", "P7777", facets={"amount": "9"})
    refused("in-use", desk.revert, 2, table="product")
    refused("in-use", desk.set, "product", "P0056", facets={"amount": "9"})
    desk.set("product", "P7777", word="新产品二", facets={"shelf_life_hours": "840"}, reason=WHY)


def test_a_retired_or_short_lived_product_is_not_received(profile: Profile, desk: TableDesk) -> None:
    """No bag of a retired product comes in, and none that claims to keep longer than its product does."""
    desk.add("product", "P7777", word="新产品", facets=product(shelf_life_hours="1"), reason=WHY)
    with pytest.raises(Refused) as caught:
        profile.desk.register("stock_in", delivery())
    assert codes(caught) == [("bags.expires_at", "beyond-shelf-life", 1)]
    desk.set("product", "P7777", facets={"shelf_life_hours": "2000"}, reason=WHY)
    desk.retire("product", "P7777", reason=WHY)
    with pytest.raises(Refused) as caught:
        profile.desk.register("stock_in", delivery())
    assert codes(caught) == [("bags.product_code", "retired-product", 1)]


# -- other places --------------------------------------------------------------------------------------------------


def test_an_added_key_travels_with_its_word(profile: Profile, desk: TableDesk) -> None:
    """The body states the word of an added key and of no other; without changes it is what it always was."""
    declared = record_type(REQUEST)
    plain = wire.body(declared, request_values())
    desk.add("purpose", "trial", word="临床试验", reason=WHY)
    assert wire.body(declared, request_values()) == plain
    body = wire.body(declared, request_values(purpose="trial"))
    assert body == {**plain, "purpose": "trial", "siteWords": {"purpose": {"trial": "临床试验"}}}
    profile.close()
    values, unread = wire.from_body(declared, body)
    assert (values["purpose"], unread) == ("trial", [])
    assert "trial" not in table("purpose")


def test_a_key_of_another_site_is_learned(profile: Profile, desk: TableDesk) -> None:
    """A record from another workstation brings its word: it is shown, kept when amended, and not offered for new ones."""
    more = {"purpose": "trial", "siteWords": {"purpose": {"trial": "临床试验", "rescue": "别的"}}}
    arrive(profile, change(REQUEST, "r1", 1, request_values(), more=more))
    found = table("purpose")
    assert (found.word("trial"), found.word("rescue"), "trial" in found.offered) == ("临床试验", "抢救", False)
    assert profile.desk.view(REQUEST, "r1").values["purpose"] == "trial"
    profile.desk.amend(REQUEST, "r1", request_values(purpose="trial", indication="改"))
    with pytest.raises(Refused):
        profile.desk.register(REQUEST, request_values(1, purpose="trial"))
    arrive(profile, change(REQUEST, "r2", 1, request_values(2), more=more), cursor="c2")
    assert [one.actor for one in desk.history("purpose")] == ["平台"]
    refused("no-such-change", desk.revert, 1, table="purpose")
    # The administrator takes it over.
    desk.add("purpose", "trial", word="临床试验", reason=WHY)
    profile.desk.register(REQUEST, request_values(1, purpose="trial"))
    assert verify.problems(profile.store) == []


@pytest.mark.parametrize(
    "said",
    [
        None, [], "x", {"purpose": None}, {"purpose": {}}, {"abo": {"C": "C型"}}, {"purpose": {"Bad Key": "词"}},
        {"purpose": {"trial": "甲、乙"}}, {"purpose": {"trial": 7}}, {"purpose": {"trial": ""}}, {"no_such": {"a": "词"}},
    ],
)  # fmt: skip
def test_words_that_nobody_may_bring_are_refused(profile: Profile, said: Any) -> None:
    """A body cannot bring words of fixed tables or senseless ones; such a record is kept apart and nothing is learned."""
    values, unread = wire.from_body(record_type(REQUEST), {"siteWords": said})
    assert (values, [one.code for one in unread]) == ({}, ["type"])
    arrive(profile, change(REQUEST, "r1", 1, request_values(), more={"purpose": "trial", "siteWords": said}))
    with profile.store.read() as tx:
        assert tx.execute(text("SELECT count(*) FROM table_changes")).scalar_one() == 0
    with pytest.raises(KnownProblem):
        profile.desk.view(REQUEST, "r1")


# -- whatever is done ----------------------------------------------------------------------------------------------

_ACTS = st.sampled_from(("add", "set", "retire", "revert", "register"))
_STEPS = st.lists(st.tuples(_ACTS, st.integers(0, 5), st.integers(0, 7), st.integers(0, 9)), min_size=4, max_size=24)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_STEPS)
def test_no_sequence_of_acts_changes_what_a_record_says(steps: list[tuple[str, int, int, int]]) -> None:
    """Whatever is admitted or refused: used keys stay, no word ever belonged to two keys, the file holds."""
    keys, words = ("rescue", "other", "volume", "trial", "study", "test"), "甲乙丙丁戊己庚辛"
    with tempfile.TemporaryDirectory() as parent:
        profile = open_store(Path(parent))
        desk, used, bearers = TableDesk(profile.desk), set[str](), dict[str, str]()
        for number, (act, key_no, word_no, place) in enumerate(steps):
            key, word = keys[key_no], words[word_no]
            try:
                if act == "add":
                    desk.add("purpose", key, word=word, reason=WHY)
                elif act == "set":
                    desk.set("purpose", key, word=word, place=place or None, reason=WHY)
                elif act == "retire":
                    desk.retire("purpose", key, reason=WHY)
                elif act == "revert":
                    desk.revert(place, table="purpose", reason=WHY)
                else:
                    profile.desk.register(REQUEST, request_values(number, purpose=key))
                    used.add(key)
            except (KnownProblem, Refused):
                continue
            found = table("purpose")
            profile.desk.tables.look()
            assert used <= set(found) and set(found.shipped) <= set(found)
            assert len({found.word(one) for one in found}) == len(found)
            for one in used:
                assert bearers.setdefault(found.word(one), one) == one
        assert verify.problems(profile.store) == []
        profile.close()
