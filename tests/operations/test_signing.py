"""A record names who was there: the operator by sign-in, the second person by a signature, and nobody by typing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import declare
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules.overriding import Passage
from bloodbank_desktop.rules.persons import HOLDS, Person, Signature
from tests import samples
from tests.support import FakeClock, open_store

SECOND = Person("second", "second", "训练丙", frozenset({"viewer"}))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def profile(tmp_path: Path, clock: FakeClock) -> Iterator[Profile]:
    """A profile whose desk lets nobody stand in."""
    opened = open_store(tmp_path, clock)
    opened.desk.__class__ = Desk
    yield opened
    opened.close()


def delivery(**changes: Any) -> dict[str, Any]:
    return {**samples.stock_in_values(1), "receiver": None, "checker": None, **changes}


def refused(profile: Profile, values: dict[str, Any], second: Signature | None = None) -> list[tuple[str, str]]:
    """Register what must be refused and return the fields and codes."""
    with pytest.raises(Refused) as caught:
        profile.desk.register("stock_in", values, passage=Passage(second=second))
    return [(problem.field, problem.code) for problem in caught.value.problems]


def test_names_come_from_sign_in_and_signature(profile: Profile, clock: FakeClock) -> None:
    """A record that names nobody gets the operator and the second person who signed."""
    saved = profile.desk.register(
        "stock_in", delivery(), passage=Passage(second=Signature(SECOND, "receipt", clock.now()))
    )
    shown = profile.desk.view("stock_in", saved.record_id)
    assert (shown.values["receiver"], shown.values["checker"]) == (profile.desk.operator, SECOND.name)


def test_another_operator_is_refused(profile: Profile) -> None:
    """Nobody saves in the name of a colleague, however the name came in."""
    assert refused(profile, delivery(receiver="训练乙")) == [("receiver", "not-the-operator")]


def test_a_typed_second_person_is_refused(profile: Profile) -> None:
    """A name without a signature is no second person."""
    assert refused(profile, delivery(checker=SECOND.name)) == [("checker", "not-signed")]


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_signature_ends(seconds: int, profile: Profile, clock: FakeClock) -> None:
    """A signature holds until its time is over, to the second."""
    signature = Signature(SECOND, "receipt", clock.now() - HOLDS - timedelta(seconds=seconds))
    if seconds < 0:
        profile.desk.register("stock_in", delivery(checker=SECOND.name), passage=Passage(second=signature))
    else:
        assert refused(profile, delivery(checker=SECOND.name), signature) == [("checker", "not-signed")]


def test_a_signature_is_for_one_purpose(profile: Profile, clock: FakeClock) -> None:
    """Who signed for a hand-over has not checked a delivery."""
    signature = Signature(SECOND, "handover", clock.now())
    assert refused(profile, delivery(checker=SECOND.name), signature) == [("checker", "not-signed")]


def test_the_signature_of_another_is_refused(profile: Profile, clock: FakeClock) -> None:
    """The name in the record is the name of who signed."""
    signature = Signature(SECOND, "receipt", clock.now())
    assert refused(profile, delivery(checker="训练丁"), signature) == [("checker", "not-signed")]


def test_the_same_person_twice_is_refused(profile: Profile, clock: FakeClock) -> None:
    """The operator is not the second person."""
    assert profile.desk.person is not None
    signature = Signature(profile.desk.person, "receipt", clock.now())
    assert refused(profile, delivery(), signature) == [("checker", "same-person")]


def test_a_signed_field_that_could_be_amended_is_no_declaration() -> None:
    """A signed field of a module with amendments must be fixed, or a later change would leave the old signature."""
    fields = {
        "no": declare.text("号", required=True),
        "who": declare.person("谁", required=True, signed="handover"),
        "__annotations__": {"no": str, "who": str},
    }
    with pytest.raises(TypeError, match="who is signed"):
        declare.record(key="x", label="x", verbs={declare.Verb.AMEND}, title=["no"], newest_by="no")(
            type("Signed", (), fields)
        )


def test_a_draft_keeps_no_signature(profile: Profile, clock: FakeClock) -> None:
    """What was kept of an unfinished record signs nothing when it is saved later."""
    values = delivery(checker=SECOND.name)
    head = {key: value for key, value in values.items() if key != "bags" and value is not None}
    profile.desk.drafts.keep("stock_in", "d1", head)
    with pytest.raises(Refused):
        profile.desk.register("stock_in", values, draft="d1", passage=replace(Passage()))
    assert profile.desk.drafts.find("d1") is not None
