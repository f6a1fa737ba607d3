"""One patient, one history, by any number she ever had; joining two numbers loses nothing and rewrites nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.patients import history, merge
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage import verify
from tests import samples
from tests.derived.examples import arrive
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values, person_values
from tests.support import REFUSED, bare, census

ONE, TWO, THREE = "ZY00000001", "ZY00000002", "ZY00000003"
UNKNOWN: dict[str, Any] = {
    "patient_name": "无名氏",
    "id_type": None,
    "id_no": None,
    "patient_abo": "unknown",
    "patient_rhd": "unknown",
}


def request(profile: Profile, seed: int, **changes: Any) -> str:
    """Register a request; return its id."""
    return profile.desk.register("transfusion_request", samples.request_values(seed, **changes)).record_id


def test_nothing_is_known_of_a_stranger(profile: Profile) -> None:
    """A number nobody has gives an empty history with just that number; a part of a number is nobody's."""
    request(profile, 1)
    for number in ("ZY404", ONE[:-1]):
        found = history(profile.desk, f" {number} ")
        assert (found.numbers, found.names, found.records, found.groups) == ((number,), (), (), ())
        assert not found.contradictory


def test_every_module_adds_to_the_history(profile: Profile) -> None:
    """Groups, antibodies, reactions and records of all modules stand there, the newest first, and nobody else's."""
    bags = Bags(profile)
    bags.receive(bag_values(1000), station_issue_no=None)
    request(profile, 1)
    request(profile, 2)
    bags.issue(bag_values(1000), patient=1)
    later: dict[str, Any] = {
        "onset_at": NOW + timedelta(days=1),
        "reported_at": NOW + timedelta(days=1),
        "antibody_screen": "positive",
    }
    profile.desk.register("adverse_reaction", samples.reaction_values(1, 1, bags=[bag_values(1000)], **later))
    profile.desk.register("immunohaematology_request", samples.referral_values(1, own_antibody_screen="negative"))
    profile.desk.register("autologous_transfusion", samples.autologous_values(1))
    found = history(profile.desk, ONE)
    assert (found.numbers, found.names) == ((ONE,), (person_values(1)["patient_name"],))
    assert {one.kind for one in found.records} == {
        "transfusion_request", "clinical_issue", "adverse_reaction", "immunohaematology_request", "autologous_transfusion",
    }  # fmt: skip
    assert [one.at for one in found.records] == sorted((one.at for one in found.records), reverse=True)
    assert found.records[0].kind == "adverse_reaction"
    assert [one.what for one in found.antibodies] == ["抗体筛查阳性"]
    assert [one.what for one in found.reactions] == ["非溶血性发热反应"]
    assert {one.what for one in found.groups} == {"B型 RhD 阳性"} and not found.contradictory
    assert history(profile.desk, person_values(1)["id_no"]) == found


def test_a_result_of_the_laboratory_is_known(profile: Profile) -> None:
    """What the reference laboratory concluded stands among the antibodies."""
    declared = record_type("immunohaematology_request")
    values = samples.referral_values(1, own_antibody_screen="negative")
    saved = profile.desk.register(declared.key, values)
    assert history(profile.desk, ONE).antibodies == ()
    assert declared.answer is not None
    wire = declared.answer.fields["conclusion"].wire
    with profile.store.write() as tx:
        tx.exec_driver_sql("UPDATE outbox SET state = 'done'")
    arrive(profile, declared, values, saved.record_id, answer={wire: "检出抗-E"}, answer_no=1)
    assert [one.what for one in history(profile.desk, ONE).antibodies] == ["检出抗-E"]


def test_groups_that_contradict_are_told(profile: Profile) -> None:
    """Two different groups contradict; unknown ones and the same one twice do not."""
    signed = {"approvals": samples.approval_values(samples.NOW, "head", "medical_affairs")}
    request(profile, 1)
    request(profile, 1, request_no="SQ2", patient_abo="unknown", patient_rhd="unknown", **signed)
    request(profile, 1, request_no="SQ3", **signed)
    assert (len(history(profile.desk, ONE).groups), history(profile.desk, ONE).contradictory) == (2, False)
    request(profile, 1, request_no="SQ4", patient_abo="A", components=({**_line(1), "abo": "A"},), **signed)
    assert history(profile.desk, ONE).contradictory


def _line(seed: int) -> dict[str, object]:
    return dict(samples.request_values(seed)["components"][0])


def test_deleted_records_say_nothing(profile: Profile) -> None:
    """What was deleted is no part of a history."""
    profile.desk.delete("transfusion_request", request(profile, 1))
    assert history(profile.desk, ONE).records == ()


def test_an_unknown_emergency_patient_is_joined_later(profile: Profile) -> None:
    """Either number then gives the whole history, no record is changed, and who joined them and why is in the audit."""
    profile.desk.register("transfusion_request", samples.request_values(2, **UNKNOWN))
    request(profile, 1)
    before = census(profile.store)
    merge(profile.desk, f" {ONE} ", TWO, reason=" 家属带证件核实 ")
    after = census(profile.store)
    assert {name for name in after if after[name] != before[name]} == {"patient_merges", "audit"}
    for number in (ONE, TWO, person_values(1)["id_no"]):
        found = history(profile.desk, number)
        assert set(found.numbers) == {ONE, TWO}
        assert set(found.names) == {"无名氏", person_values(1)["patient_name"]}
        assert (len(found.records), len(found.groups), found.contradictory) == (2, 1, False)
    with profile.store.read() as tx:
        row = tx.exec_driver_sql("SELECT action, object, detail, actor FROM audit ORDER BY seq DESC LIMIT 1").one()
    assert row[:2] == ("merge-patients", f"patient/{ONE}/{TWO}") and row[3] == profile.desk.actor
    assert "家属带证件核实" in row[2]
    assert verify.problems(profile.store) == []


def test_joining_goes_on(profile: Profile) -> None:
    """Three numbers joined two by two are one patient, asked by any of them."""
    for seed in (1, 2, 3):
        request(profile, seed)
    merge(profile.desk, ONE, TWO, reason="核实")
    assert set(history(profile.desk, THREE).numbers) == {THREE}
    merge(profile.desk, THREE, TWO, reason="核实")
    assert all(set(history(profile.desk, number).numbers) == {ONE, TWO, THREE} for number in (ONE, TWO, THREE))
    with pytest.raises(KnownProblem) as caught:
        merge(profile.desk, THREE, ONE, reason="再次")
    assert caught.value.code == "merged-already"


@pytest.mark.parametrize(
    ("one", "other", "reason", "code"),
    [(ONE, ONE, "核实", "two-numbers-required"), (ONE, "", "核实", "two-numbers-required"),
     (" ", TWO, "核实", "two-numbers-required"), (ONE, TWO, "  ", "reason-required"),
     (ONE, "ZY404", "核实", "unknown-patient"), ("ZY404", TWO, "核实", "unknown-patient")],
)  # fmt: skip
def test_what_cannot_be_joined(one: str, other: str, reason: str, code: str, profile: Profile) -> None:
    """Two known numbers and a reason are needed, or nothing is written."""
    request(profile, 1)
    request(profile, 2)
    before = census(profile.store)
    with pytest.raises(KnownProblem) as caught:
        merge(profile.desk, one, other, reason=reason)
    assert (caught.value.code, census(profile.store)) == (code, before)


def test_what_was_joined_stays_in_the_file(profile: Profile) -> None:
    """The file itself refuses to change or remove a joining."""
    request(profile, 1)
    request(profile, 2)
    merge(profile.desk, ONE, TWO, reason="核实")
    with bare(profile.folder) as connection:
        for statement in ("UPDATE patient_merges SET reason = ''", "DELETE FROM patient_merges"):
            with pytest.raises(REFUSED):
                connection.execute(statement)
