"""What a site changed is folded over what the program brings along: nothing is lost, everything can be taken back."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records import tables
from bloodbank_desktop.records.kinds import Choice, Choices, Unreadable
from bloodbank_desktop.records.overlay import Act, Change, Overlay, fold, standing
from bloodbank_desktop.records.tables import SHIPPED, InForce, Site, table, using

SHIPPED_ENTRIES: dict[str, Any] = {key: {"key": key, "word": f"词{key}", "code": key} for key in "abcd"}
KEYS = st.sampled_from("abcdwxyz")


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Changes in their order, sensible or not; a revert names an earlier change that nothing has taken back."""
    made: list[Change] = []
    for seq in range(1, draw(st.integers(0, 14)) + 1):
        act, key = draw(st.sampled_from(list(Act))), draw(KEYS)
        open_ = [one.seq for one in standing(made)]
        if act is Act.REVERT:
            if open_:
                chosen = draw(st.sampled_from(open_))
                back = next(one for one in made if one.seq == chosen)
                made.append(Change(seq, "t", back.key, act, reverts=back.seq))
            continue
        word = draw(st.sampled_from(["甲", "乙", "丙"])) if act in (Act.ADD, Act.SET, Act.LEARN) else None
        place = draw(st.none() | st.integers(1, 9)) if act in (Act.ADD, Act.SET) else None
        made.append(Change(seq, "t", key, act, word, place, draw(st.just({}) | st.just({"hours": 7}))))
    return made


@given(histories())
def test_no_history_loses_a_shipped_entry(history: list[Change]) -> None:
    """Whatever was changed, every entry of ours is still there with a word and the facets that nobody changed."""
    found = fold(SHIPPED_ENTRIES, history)
    assert set(SHIPPED_ENTRIES) <= set(found)
    assert all(found[key]["code"] == key and found[key]["word"] for key in SHIPPED_ENTRIES)
    assert all(entry["key"] == key for key, entry in found.items())
    assert all(found[key].get("added") for key in set(found) - set(SHIPPED_ENTRIES))


@given(histories())
def test_every_change_can_be_taken_back(history: list[Change]) -> None:
    """Taking back the standing changes, the last first, leads through every former reading to the shipped table."""
    left = list(history)
    while held := list(standing(left)):
        last = held[-1]
        without = fold(SHIPPED_ENTRIES, [one for one in left if one.seq != last.seq])
        left.append(Change(left[-1].seq + 1, "t", last.key, Act.REVERT, reverts=last.seq))
        assert list(fold(SHIPPED_ENTRIES, left).items()) == list(without.items())
    assert list(fold(SHIPPED_ENTRIES, left).items()) == list(SHIPPED_ENTRIES.items())


@given(histories(), st.randoms(use_true_random=False))
def test_the_numbers_are_the_order(history: list[Change], random: Any) -> None:
    """In whatever order rows are read, the table is the same; changes of other tables do not matter."""
    mixed = [*history, *(replace(one, seq=one.seq + 100, table="other", reverts=None) for one in history[:3])]
    random.shuffle(mixed)
    one, other = Overlay(mixed).of("t", SHIPPED_ENTRIES), Overlay(history).of("t", SHIPPED_ENTRIES)
    assert list(one.entries.items()) == list(other.entries.items())
    assert one.offered == tuple(key for key, entry in one.entries.items() if not entry.get("retired"))
    assert all(one.entries[key]["word"] == word for word, key in one.keys.items())


@given(histories())
def test_learning_changes_nothing_that_is_known(history: list[Change]) -> None:
    """A word from elsewhere makes an unknown key readable and not offered, and touches no other."""
    overlay = Overlay(history)
    before = overlay.of("t", SHIPPED_ENTRIES)
    after = overlay.learning({"t": {"a": "外来", "new": "外来新"}}).of("t", SHIPPED_ENTRIES)
    assert {key: entry for key, entry in after.entries.items() if key != "new"} == dict(before.entries)
    assert (after.entries["new"]["word"], after.offered) == ("外来新", before.offered)


# -- in force ------------------------------------------------------------------------------------------------------


def purposes(*changes: Change) -> Overlay:
    """Return an overlay of changes of 输血目的, numbered."""
    return Overlay(replace(one, seq=number, table="purpose") for number, one in enumerate(changes, start=1))


CHANGED = purposes(
    Change(0, "", "trial", Act.ADD, "临床试验"),
    Change(0, "", "other", Act.RETIRE),
    Change(0, "", "rescue", Act.SET, "急救"),
)


def test_kinds_read_what_is_in_force() -> None:
    """Words, keys and checks of a field follow the site; a retired entry keeps its word, another thread ours."""
    kind = Choice(table("purpose"))
    with using(CHANGED):
        assert (kind.parse("临床试验"), kind.format("trial"), kind.format("rescue")) == ("trial", "临床试验", "急救")
        assert (kind.parse("其他"), kind.format("other"), list(kind.check("other"))) == ("other", "其他", [])
        assert "other" not in table("purpose").offered
        with pytest.raises(Unreadable):
            kind.parse("抢救")
    assert kind.format("trial") == "«trial»"
    assert kind.parse("抢救") == "rescue"


def test_several_choices_keep_retired_ones() -> None:
    """Ordering the keys of several choices loses none that was retired."""
    retired = Overlay([Change(1, "symptom", "fever", Act.RETIRE)])
    kind = Choices(table("symptom"))
    with using(retired):
        assert kind.parse("寒战、发热") == kind.from_wire(["chills", "fever"])
        assert set(kind.parse("寒战、发热") or ()) == {"fever", "chills"}


def test_the_contract_is_the_same_at_every_site() -> None:
    """The schema of a field does not depend on what a site changed."""
    kinds = [Choice(table(name)) for name in tables.names()]
    before = [kind.schema() for kind in kinds]
    with using(CHANGED):
        assert [kind.schema() for kind in kinds] == before
    assert all(("pattern" in kind.schema()) == (kind.table.site is Site.ENTRIES) for kind in kinds)


def test_two_files_that_disagree_are_not_mixed() -> None:
    """While one data file is open, another with other words cannot be; when the first is closed or gone, it can."""
    one, other, same = InForce("one"), InForce("other"), InForce("one")
    one.put(CHANGED)
    assert table("purpose").word("rescue") == "急救"
    with pytest.raises(RuntimeError, match="one at a time"):
        other.put(SHIPPED)
    same.put(purposes())
    assert table("purpose").word("rescue") == "抢救"
    other.put(SHIPPED)
    one.release()
    same.release()
    other.put(CHANGED)
    assert table("purpose").word("rescue") == "急救"
    del other
    gc.collect()
    assert table("purpose").word("rescue") == "抢救"


# -- the tables themselves -----------------------------------------------------------------------------------------


def test_what_standards_fix_is_not_for_sites() -> None:
    """Whatever states a national code or a code of the city's system, and blood groups, is fixed or words only."""
    for name in tables.names():
        found = table(name)
        if {"abo", "rhd", "component"} & {name} or name.endswith("_patient"):
            assert found.site is Site.NOTHING
        elif found.source.startswith(("上海市用血审证", "GB/T", "CV0", "医疗机构临床用血管理办法第二")):
            assert found.site is Site.NOTHING, name
        if found.site is not Site.NOTHING:
            assert any(mark in found.source for mark in ("本系统", "管理员", "所见", "据所知", "量表", "上报表")), name


def test_what_a_dialog_shows_at_once_is_kept() -> None:
    """An entry that a new dialog shows by itself cannot be retired, where a site may retire others."""
    from bloodbank_desktop.records.catalogue import all_records

    for declared in all_records().values():
        for f in declared.plain:
            if isinstance(f.kind, Choice) and f.fresh and f.kind.table.site is Site.ENTRIES:
                assert f.kind.table.facet(f.fresh, "kept"), (declared.key, f.key)
