"""What the law leaves to the hospital is switched by the right person, for a reason, and the audit says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import switching
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.switches import SWITCHES, switched
from bloodbank_desktop.storage import site_rows
from tests.samples import NOW
from tests.support import REFUSED, bare, open_store, seat

WHY = "夜班只有一名技师在岗"


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def test_every_switch_begins_on_the_safe_side() -> None:
    """Each switch has a default among at least two values, each with a word, and says why the law leaves room."""
    for key in SWITCHES:
        values = SWITCHES.facet(key, "values")
        assert len(values) >= 2 and all(values.values()) and SWITCHES.facet(key, "room")
        assert switched(Facts(NOW), key) == SWITCHES.facet(key, "default") in values


def test_a_switch_takes_effect_and_is_in_the_audit(profile: Profile) -> None:
    """After a switch the rules are told the new value; value before and after, who and why stand in the audit."""
    state = switching.switch(profile.desk, "solo_duty", "allowed", reason=WHY)
    assert state.differs and [one.reason for one in state.history] == [WHY]
    with profile.store.read() as tx:
        assert switched(Facts(NOW, site=site_rows.switches(tx)), "solo_duty") == "allowed"
        detail, actor = tx.execute(text("SELECT detail, actor FROM audit WHERE action = 'switch'")).one()
    assert WHY in detail and '"from":"forbidden"' in detail and '"to":"allowed"' in detail
    assert profile.desk.operator in actor


@pytest.mark.parametrize(
    ("key", "value", "reason", "code"),
    [
        ("solo_duty", "allowed", "", "reason-required"),
        ("solo_duty", "allowed", " 短 理 由 ", "reason-required"),
        ("solo_duty", "perhaps", WHY, "no-such-value"),
        ("solo_duty", "forbidden", WHY, "nothing-to-change"),
        ("abo", "off", WHY, "no-such-switch"),
    ],
)
def test_what_cannot_be_switched(key: str, value: str, reason: str, code: str, profile: Profile) -> None:
    """Without a reason, to an unknown value, to the value that stands, or where the law leaves no room: refused."""
    with pytest.raises(KnownProblem) as caught:
        switching.switch(profile.desk, key, value, reason=reason)
    assert caught.value.code == code
    with profile.store.read() as tx:
        assert site_rows.history(tx) == []


@pytest.mark.parametrize("role", ["technician", "reviewer", "director", "viewer"])
def test_only_the_administrator_switches(role: str, profile: Profile) -> None:
    """Who works with blood does not change what the rules ask of her."""
    seat(profile, "别人", role)
    with pytest.raises(KnownProblem) as caught:
        switching.switch(profile.desk, "solo_duty", "allowed", reason=WHY)
    assert caught.value.code == "role-missing"


def test_a_decision_is_never_taken_out_of_the_file(profile: Profile) -> None:
    """The file itself refuses to change or remove a decision."""
    switching.switch(profile.desk, "solo_duty", "allowed", reason=WHY)
    folder = profile.folder
    for statement in ("DELETE FROM site_switches", "UPDATE site_switches SET value = 'forbidden'"):
        with bare(folder) as connection, pytest.raises(REFUSED):
            connection.execute(statement)


def test_a_value_that_is_no_longer_known_is_the_safe_one() -> None:
    """A value of another version of the table counts as the default."""
    assert switched(Facts(NOW, site={"solo_duty": "sometimes"}), "solo_duty") == "forbidden"
    with pytest.raises(KeyError):
        switched(Facts(NOW), "no-such-switch")
