"""A draft is durable from the first line on, may be wrong in every field, and becomes a record exactly once."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.storage.lists import ListQuery
from tests.derived.examples import stage, variants
from tests.derived.fields import REGISTERED
from tests.samples import NOW, bag_values, request_values, stock_in_values
from tests.storage.test_numbers import at_once
from tests.support import FakeClock, allow_solo_duty, census, open_store

DELIVERY, REQUEST = "stock_in", "transfusion_request"


def _keep(profile: Profile, kind: str, draft: str, values: dict[str, Any]) -> None:
    """Keep a whole record as a draft, header first and then line by line."""
    groups = {group.key for group, _ in record_type(kind).groups}
    head = {key: value for key, value in values.items() if key not in groups}
    profile.desk.drafts.keep(kind, draft, head)
    for key in (key for key in values if key not in head):
        for index, line in enumerate(values[key]):
            profile.desk.drafts.keep_line(kind, draft, key, f"{draft}-{key}-{index}", line)


@pytest.mark.parametrize("module", REGISTERED, ids=lambda module: module.key)
def test_draft_returns_what_was_kept(module: Any, profile: Profile) -> None:
    """A kept record, header and lines of every module, comes back equal, and registers as it is."""
    allow_solo_duty(profile)
    for number, values in enumerate(variants(module)):
        _keep(profile, module.key, f"d{number}", values)
        draft = profile.desk.drafts.find(f"d{number}")
        assert draft is not None
        stated = {key: value for key, value in values.items() if value not in (None, ())}
        found = {key: value for key, value in draft.values.items() if value not in (None, ())}
        for group, _ in module.groups:
            for one in (stated, found):
                one[group.key] = [{k: v for k, v in line.items() if v is not None} for line in one.get(group.key, ())]
        assert found == stated
        stage(profile, module, values)
        assert profile.desk.register(module.key, draft.values, draft=draft.id).record_id == draft.id


def test_draft_is_there_after_a_restart(tmp_path: Path) -> None:
    """What was kept is there when the program is opened again, unreadable texts included."""
    profile = open_store(tmp_path)
    profile.desk.drafts.keep(REQUEST, "d", {"patient_name": "样一"}, {"haemoglobin": "七十？"})
    profile.desk.drafts.keep_line(REQUEST, "d", "components", "l", {"amount": Decimal("1.5")})
    profile.close()
    profile = open_store(tmp_path)
    (draft,) = profile.desk.drafts.all()
    assert (draft.kind, draft.actor, draft.opened_at) == (REQUEST, "训练甲", NOW)
    assert draft.values["patient_name"] == "样一"
    assert draft.texts == {"haemoglobin": "七十？"}
    assert draft.values["components"] == ({"amount": Decimal("1.5")},)
    assert draft.line_ids["components"] == ("l",)
    profile.close()


def test_draft_becomes_the_record_with_its_id(profile: Profile) -> None:
    """Registering a draft gives the record its id and ends the draft, both or neither."""
    values = stock_in_values(2, 1)
    _keep(profile, DELIVERY, "the-draft", values)
    before = census(profile.store)
    with pytest.raises(Refused):
        profile.desk.register(DELIVERY, {**values, "supplier": None}, draft="the-draft")
    assert census(profile.store) == before
    saved = profile.desk.register(DELIVERY, values, draft="the-draft")
    assert saved.record_id == "the-draft"
    assert profile.desk.drafts.all() == []
    kept = census(profile.store)
    assert (kept["drafts"], kept["draft_lines"]) == ([], [])


def test_draft_registers_once(profile: Profile) -> None:
    """Registering a draft a second time, as a crash before "saved" would make one try, is refused and doubles nothing."""
    values = request_values(1)
    _keep(profile, REQUEST, "d", values)
    profile.desk.register(REQUEST, values, draft="d")
    before = census(profile.store)
    with pytest.raises(KnownProblem, match="已经登记过") as caught:
        profile.desk.register(REQUEST, values, draft="d")
    assert caught.value.code == "registered-already"
    assert census(profile.store) == before


def test_two_windows_register_one_draft_once(profile: Profile, tmp_path: Path) -> None:
    """Two windows that finish the same draft at the same moment make one record."""
    other = open_store(tmp_path)
    values = request_values(1)
    for number in range(5):
        draft = f"d{number}"
        _keep(profile, REQUEST, draft, values)
        done = at_once(*(partial(one.desk.register, REQUEST, values, draft=draft) for one in (profile, other)))
        assert sorted(getattr(one, "code", "saved") for one in done) == ["registered-already", "saved"]
    assert profile.desk.open_list(ListQuery(REQUEST)).total == 5
    other.close()


def test_refused_bag_keeps_the_draft(profile: Profile) -> None:
    """A delivery refused because of one bag that is here already stays a draft with all its lines."""
    profile.desk.register(DELIVERY, stock_in_values(1, 1))
    values = stock_in_values(1, 2, bags=(bag_values(7), bag_values(1000)))
    _keep(profile, DELIVERY, "d", values)
    with pytest.raises(Refused):
        profile.desk.register(DELIVERY, values, draft="d")
    draft = profile.desk.drafts.find("d")
    assert draft is not None
    assert len(draft.values["bags"]) == 2


def test_lines_keep_their_place(profile: Profile) -> None:
    """A line that is kept again stays where it was, a dropped one goes, and new ones come at the end."""
    for index in range(3):
        profile.desk.drafts.keep_line(DELIVERY, "d", "bags", f"l{index}", bag_values(index))
    profile.desk.drafts.keep_line(DELIVERY, "d", "bags", "l1", bag_values(9))
    profile.desk.drafts.drop_line("d", "l0")
    profile.desk.drafts.keep_line(DELIVERY, "d", "bags", "l3", bag_values(3))
    draft = profile.desk.drafts.find("d")
    assert draft is not None
    assert draft.line_ids["bags"] == ("l1", "l2", "l3")
    assert [bag["donation_number"] for bag in draft.values["bags"]] == [
        bag_values(index)["donation_number"] for index in (9, 2, 3)
    ]


def test_line_may_bring_the_header(profile: Profile) -> None:
    """A line kept with a header keeps both at once; without one it leaves the header as it was."""
    profile.desk.drafts.keep_line(DELIVERY, "d", "bags", "l0", {}, head={"receiver": "训练乙"})
    profile.desk.drafts.keep_line(DELIVERY, "d", "bags", "l1", {})
    draft = profile.desk.drafts.find("d")
    assert draft is not None
    assert draft.values["receiver"] == "训练乙"
    assert draft.line_ids["bags"] == ("l0", "l1")


def test_two_drafts_do_not_mix(profile: Profile, clock: FakeClock) -> None:
    """Each draft has its own lines; the list shows the one worked on last first, of one module if asked."""
    profile.desk.drafts.keep_line(DELIVERY, "a", "bags", "a0", bag_values(1))
    clock.advance(seconds=1)
    profile.desk.drafts.keep_line(DELIVERY, "b", "bags", "b0", bag_values(2))
    clock.advance(seconds=1)
    profile.desk.drafts.keep(REQUEST, "c", {})
    clock.advance(seconds=1)
    profile.desk.drafts.keep_line(DELIVERY, "a", "bags", "a1", bag_values(3))
    assert [draft.id for draft in profile.desk.drafts.all()] == ["a", "c", "b"]
    assert [draft.id for draft in profile.desk.drafts.all(DELIVERY)] == ["a", "b"]
    profile.desk.drafts.drop_line("b", "a0")
    profile.desk.drafts.drop("b")
    (a, _) = profile.desk.drafts.all()
    assert a.line_ids["bags"] == ("a0", "a1")


def test_dropped_draft_leaves_a_trace(profile: Profile) -> None:
    """Throwing a draft away removes it with its lines and notes in the audit that it existed, and of what size."""
    profile.desk.drafts.keep_line(DELIVERY, "d", "bags", "l", bag_values(1))
    profile.desk.drafts.drop("d")
    assert profile.desk.drafts.find("d") is None
    kept = census(profile.store)
    assert (kept["drafts"], kept["draft_lines"]) == ([], [])
    assert [row[3:6] for row in kept["audit"]] == [("drop-draft", "stock_in/d", '{"lines":{"bags":1}}')]
    profile.desk.drafts.drop("d")
    assert census(profile.store) == kept


def test_value_that_is_no_longer_allowed_is_shown_as_it_was(profile: Profile) -> None:
    """A draft value that a newer table does not know comes back raw for a person to decide, and does not register."""
    profile.desk.drafts.keep(REQUEST, "d", {"sex": "formerly-known"})
    draft = profile.desk.drafts.find("d")
    assert draft is not None
    assert draft.values["sex"] == "formerly-known"
    with pytest.raises(Refused):
        profile.desk.register(REQUEST, {**request_values(1), "sex": draft.values["sex"]}, draft="d")


def test_amendment_ends_its_draft(profile: Profile) -> None:
    """An amendment that was worked on as a draft ends it in the same act."""
    saved = profile.desk.register(REQUEST, request_values(1))
    profile.desk.drafts.keep(REQUEST, "d", {"diagnosis": "改"})
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="改"), draft="d")
    assert profile.desk.drafts.all() == []
