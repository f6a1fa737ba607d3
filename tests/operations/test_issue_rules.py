"""The rules of issue through the real desk and the real file: what the rules are told, what stops, what may be passed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import patients, selection
from bloodbank_desktop.operations.judging import Stopped
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.rules.overriding import Override, Passage, purpose
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.storage import alert_rows, duty_rows, site_rows, verify
from bloodbank_desktop.storage.site_rows import Switched
from tests import samples
from tests.derived.examples import arrive
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values
from tests.support import FakeClock, census, seat

A_POSITIVE, A_NEGATIVE = 0, 4
RED, LEUKOREDUCED, PLASMA, PLATELETS = "E6170V00", "E5445V00", "E0869V00", "A0321V00"


@dataclass
class Ward:
    """A profile in which wards ask and the blood bank answers."""

    bags: Bags

    @property
    def profile(self) -> Profile:
        return self.bags.profile

    def bring(self, index: int, group: tuple[str, str], product: str = RED, **changes: Any) -> dict[str, Any]:
        """Let a bag be here and available, and return it."""
        bag = bag_values(index, product=product, group=group, **changes)
        self.bags.receive(bag)
        return bag

    def values(self, *some: dict[str, Any], seed: int = A_POSITIVE, ask: bool = True, **changes: Any) -> dict[str, Any]:
        """Return the issue of bags to the patient of a seed, whatever their group, and let the ward have asked for it."""
        own = [bag_values(900 + place, group=samples.group_of(seed)) for place in range(len(some))]
        whole = samples.issue_values(seed=seed, bags=own, now=self.bags.now())
        lines = tuple(
            {key: bag.get(key) for key in samples.LABEL} | samples.crossmatch_values(bag, now=self.bags.now())
            for bag in some
        )
        whole |= {"bags": lines, **changes}
        if ask:
            self.profile.desk.register("transfusion_request", samples.request_for(whole, least=20))
        return whole

    def found(self, whole: dict[str, Any]) -> dict[str, str]:
        """Return what stops or warns now, each rule with its gravest level."""
        _, told = self.profile.desk.judge("clinical_issue", whole)
        levels = ("note", "warn", "override", "block")
        ordered = sorted(told, key=lambda one: levels.index(one.level))  # type: ignore[attr-defined]
        return {one.rule: one.level.value for one in ordered}  # type: ignore[attr-defined]

    def stopping(self, whole: dict[str, Any]) -> set[str]:
        """Return the rules that stop an issue, after proving that the desk refuses it and writes nothing."""
        before = census(self.profile.store)
        with pytest.raises(Stopped) as caught:
            self.profile.desk.register("clinical_issue", whole)
        assert census(self.profile.store) == before
        return {one.rule for one in caught.value.settled.stopping}

    def give(self, whole: dict[str, Any], *overrides: Override) -> Saved:
        """Issue, with overrides of this record."""
        return self.profile.desk.register("clinical_issue", whole, passage=Passage(overrides))


@pytest.fixture
def ward(profile: Profile) -> Ward:
    """An empty hospital."""
    return Ward(Bags(profile))


# -- what the rules are told ---------------------------------------------------------------------------------------


def test_an_ordinary_issue_passes_without_a_word(ward: Ward) -> None:
    """Red cells of the patient's group leave, and no rule has anything to say."""
    bag = ward.bring(1, ("A", "positive"))
    whole = ward.values(bag)
    assert ward.found(whole) == {}
    assert ward.give(whole).told == ()
    assert ward.bags.state(bag) == "issued"


@pytest.mark.parametrize(("product", "group"), [(RED, ("B", "positive")), (RED, ("AB", "positive"))])
def test_red_cells_of_a_wrong_group_never_leave(product: str, group: tuple[str, str], ward: Ward) -> None:
    """A patient A gets no red cells with B, and no role and no override helps."""
    whole = ward.values(ward.bring(1, group, product))
    assert ward.stopping(whole) == {"issue-abo"}
    passing = Override("issue-abo", 1, "life_threatening", "没有其他血可用了", None)
    with pytest.raises(Stopped):
        ward.give(whole, passing)


def test_plasma_the_other_way_round(ward: Ward) -> None:
    """O red cells may go to A with a word; O plasma never."""
    cells, plasma = ward.bring(1, ("O", "positive")), ward.bring(2, ("O", "positive"), PLASMA)
    assert ward.stopping(ward.values(plasma)) == {"issue-abo"}
    assert ward.found(ward.values(cells, request_no="SQ2", issue_no="FX2")) == {"issue-abo": "warn"}


def test_history_under_the_other_number_counts(ward: Ward) -> None:
    """A group stated under a number that was merged, or under the same ID, stops; before the merge it could not."""
    whole = ward.values(ward.bring(1, ("A", "positive")))
    other = samples.request_values(1, patient_abo="B", patient_rhd="positive", medical_record_no="ZY77")
    ward.profile.desk.register("transfusion_request", other)
    assert ward.found(whole) == {}
    patients.merge(ward.profile.desk, whole["medical_record_no"], "ZY77", reason="身份已核实")
    assert "issue-group-history" in ward.stopping(whole)


def test_the_same_id_is_the_same_patient(ward: Ward) -> None:
    """A flag under another record number with the same ID card follows the person."""
    whole = ward.values(ward.bring(1, ("A", "positive")))
    same = {key: whole[key] for key in ("id_type", "id_no", "birth_date", "sex", "patient_name")}
    wrong = samples.referral_values(2, **same, medical_record_no="ZY78", patient_abo="B")
    ward.profile.desk.register("immunohaematology_request", wrong)
    assert "issue-group-history" in ward.stopping(whole)


def test_an_antibody_of_the_laboratory_is_never_forgotten(ward: Ward) -> None:
    """What the reference laboratory found stands in its answer; a bag with that antigen stays, an untested one is asked."""
    e = ward.bring(1, ("A", "positive"), antigens_positive=("rh_big_e",))
    free = ward.bring(2, ("A", "positive"), antigens_negative=("rh_big_e",))
    untested = ward.bring(3, ("A", "positive"))
    values = samples.referral_values(A_POSITIVE)
    arrive(ward.profile, record_type("immunohaematology_request"), values, answer={"antibodies": ["anti_rh_big_e"]})
    assert ward.stopping(ward.values(e)) == {"issue-antibodies"}
    assert ward.found(ward.values(free, request_no="SQ2", issue_no="FX2")) == {}
    assert ward.found(ward.values(untested, request_no="SQ3", issue_no="FX3")) == {"issue-antibodies": "override"}


def test_an_earlier_reaction_is_said(ward: Ward) -> None:
    """Whoever reacted once is named as such at every later issue."""
    ward.profile.desk.register("adverse_reaction", samples.reaction_values(seed=A_POSITIVE))
    assert ward.found(ward.values(ward.bring(1, ("A", "positive")))) == {"issue-earlier-reaction": "warn"}


def test_a_restricted_bag_is_its_patients(ward: Ward) -> None:
    """A directed bag goes to nobody else, and to its patient under any number."""
    bag = ward.bring(1, ("A", "positive"), restricted_to="ZY00000006")
    assert ward.stopping(ward.values(bag)) == {"issue-restricted"}
    assert ward.found(ward.values(bag, seed=6)) == {}


def test_what_left_before_counts(ward: Ward) -> None:
    """A second issue for the same request is measured with the first one, to the half unit."""
    one, two = ward.bring(1, ("A", "positive")), ward.bring(2, ("A", "positive"))
    whole = ward.values(one, ask=False)
    ward.profile.desk.register("transfusion_request", samples.request_for(whole))
    ward.give(whole)
    again = {**ward.values(two, ask=False), "issue_no": "FX2"}
    assert ward.stopping(again) == {"issue-quantity"}


def test_a_deleted_request_is_none(ward: Ward) -> None:
    """A request that was taken back is as good as none."""
    bag = ward.bring(1, ("A", "positive"))
    whole = ward.values(bag, ask=False)
    saved = ward.profile.desk.register("transfusion_request", samples.request_for(whole))
    assert ward.found(whole) == {}
    ward.profile.desk.delete("transfusion_request", saved.record_id)
    assert ward.stopping(whole) == {"issue-request"}


@pytest.mark.parametrize(("product", "level"), [(RED, "override"), (LEUKOREDUCED, None)])
def test_a_component_fulfils_what_it_is(product: str, level: str | None, ward: Ward) -> None:
    """Leukoreduced red cells are leukoreduced by their component; red cells that say nothing are not."""
    bag = ward.bring(1, ("A", "positive"), product)
    whole = ward.values(bag, ask=False)
    ward.profile.desk.register("transfusion_request", samples.request_for(whole, processing=("leukoreduced",)))
    assert ward.found(whole) == ({"issue-requirements": level} if level else {})


# -- overrides -----------------------------------------------------------------------------------------------

COMMENT = "已与经治医师商定，无同型血小板"


def _second(ward: Ward, rule: str, name: str = "训练丙") -> Signature:
    person = Person(f"beside {name}", name, name, frozenset({"reviewer"}))
    return Signature(person, purpose(rule, 1), ward.bags.now())


def test_a_platelet_of_another_group_on_the_word_of_the_director(ward: Ward) -> None:
    """The director passes one finding of one record; the next record begins with nothing (FDA 2013)."""
    one, two = (ward.bring(place, ("O", "positive"), PLATELETS) for place in (1, 2))
    whole = ward.values(one)
    assert ward.found(whole) == {"issue-abo": "override"}
    passing = Override("issue-abo", 1, "no_alternative", COMMENT)
    ward.give(whole, passing)
    with ward.profile.store.read() as tx:
        (excepted,) = alert_rows.exceptions(tx, unsigned_only=True)
    alert = excepted.alert
    assert (alert.rule, alert.reason, alert.comment) == ("issue-abo", "no_alternative", COMMENT)
    assert alert.actor == ward.profile.desk.actor
    assert bag_key(one)[1] in alert.bag and alert.record_id and alert.message
    again = ward.values(two, request_no="SQ2", issue_no="FX2")
    assert ward.stopping(again) == {"issue-abo"}


@pytest.mark.parametrize("roles", [("technician",), ("reviewer",), ("technician", "reviewer")])
def test_a_role_that_is_too_small_passes_nothing(roles: tuple[str, ...], ward: Ward) -> None:
    """Only the director passes what the table leaves to the head of the department."""
    whole = ward.values(ward.bring(1, ("O", "positive"), PLATELETS))
    seat(ward.profile, "训练甲", *roles)
    with pytest.raises(Stopped) as caught:
        ward.give(whole, Override("issue-abo", 1, "no_alternative", COMMENT))
    assert {one.code for one in caught.value.settled.stopping} == {"override-role"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"comment": ""}, "override-comment"),
        ({"comment": "      "}, "override-comment"),
        ({"comment": "太短了吧"}, "override-comment"),
        ({"comment": "五 个 字 不 够"[:8]}, "override-comment"),
        ({"reason": "because"}, "override-reason"),
        ({"reason": ""}, "override-reason"),
    ],
)
def test_an_override_says_why(change: dict[str, str], code: str, ward: Ward) -> None:
    """A coded reason and words of six characters; blanks do not count."""
    whole = ward.values(ward.bring(1, ("O", "positive"), PLATELETS))
    said = {"reason": "no_alternative", "comment": COMMENT} | change
    with pytest.raises(Stopped) as caught:
        ward.give(whole, Override("issue-abo", 1, said["reason"], said["comment"]))
    assert code in {one.code for one in caught.value.settled.stopping}


def test_rhd_positive_to_negative_needs_two(ward: Ward) -> None:
    """RhD positive red cells to a negative patient: director and a second person, and not the same one twice."""
    whole = ward.values(ward.bring(1, ("A", "positive")), seed=A_NEGATIVE)
    assert ward.found(whole) == {"issue-rhd": "override"}
    alone = Override("issue-rhd", 1, "life_threatening", COMMENT)
    for second, code in ((None, "override-second"), (_second(ward, "issue-abo"), "override-second")):
        with pytest.raises(Stopped) as caught:
            ward.give(whole, Override(**{**vars(alone), "second": second}))
        assert {one.code for one in caught.value.settled.stopping} == {code}
    assert ward.profile.desk.person is not None
    mine = Signature(ward.profile.desk.person, purpose("issue-rhd", 1), ward.bags.now())
    with pytest.raises(Stopped) as caught:
        ward.give(whole, Override(**{**vars(alone), "second": mine}))
    assert {one.code for one in caught.value.settled.stopping} == {"override-same-person"}
    ward.give(whole, Override(**{**vars(alone), "second": _second(ward, "issue-rhd")}))


def test_anti_d_has_no_way_around(ward: Ward) -> None:
    """With anti-D no role, no reason and no second person let RhD positive red cells go."""
    whole = ward.values(ward.bring(1, ("A", "positive")), seed=A_NEGATIVE, ask=False)
    ward.profile.desk.register("transfusion_request", samples.request_for(whole, antibodies=("anti_d",)))
    assert ward.stopping(whole) == {"issue-rhd"}
    passing = Override("issue-rhd", 1, "life_threatening", COMMENT, _second(ward, "issue-rhd"))
    with pytest.raises(Stopped):
        ward.give(whole, passing)


# -- selection -----------------------------------------------------------------------------------------------


def _offered(ward: Ward, whole: dict[str, Any]) -> list[str]:
    return [one.key[0] for one in selection.offered(ward.profile.desk, whole["request_no"])]


def test_what_needs_an_override_is_not_listed_and_can_be_scanned(ward: Ward) -> None:
    """First to expire first; nothing that is blocked or would need an override; the scan of such a bag is challenged."""
    late = ward.bring(1, ("A", "positive"), PLATELETS, expires_at=NOW + timedelta(days=3))
    soon = ward.bring(2, ("A", "positive"), PLATELETS, expires_at=NOW + timedelta(days=2))
    other = ward.bring(3, ("O", "positive"), PLATELETS, expires_at=NOW + timedelta(days=1))
    whole = ward.values(late)
    assert _offered(ward, whole) == [soon["donation_number"], late["donation_number"]]
    scanned = {**whole, "bags": ward.values(other, ask=False)["bags"]}
    assert ward.found(scanned) == {"issue-abo": "override"}


def test_the_offer_leaves_out_what_may_not_leave(ward: Ward) -> None:
    """Expired, too short, reserved for another, set aside, another group, restricted: none of them is offered."""
    fit = ward.bring(1, ("A", "positive"))
    ward.bring(2, ("B", "positive"))
    ward.bring(3, ("A", "positive"), expires_at=NOW + timedelta(minutes=10))
    reserved, aside = ward.bring(4, ("A", "positive")), ward.bring(5, ("A", "positive"))
    ward.bring(6, ("A", "positive"), restricted_to="ZY404")
    ward.bags.recall(ward.bring(7, ("A", "positive")))
    ward.bags.stock.do("reserve", [bag_key(reserved)], holder="SQ404")
    ward.bags.stock.do("quarantine", [bag_key(aside)], reason="标签破损")
    near = ward.bring(8, ("A", "positive"), expires_at=NOW + timedelta(hours=1))
    o = ward.bring(9, ("O", "positive"))
    whole = ward.values(fit)
    assert set(_offered(ward, whole)) == {fit["donation_number"], near["donation_number"], o["donation_number"]}
    with pytest.raises(KnownProblem):
        selection.offered(ward.profile.desk, "SQ没有")


# -- emergency -----------------------------------------------------------------------------------------------


def _pending(ward: Ward) -> list[str]:
    with ward.profile.store.read() as tx:
        return [one.what for one in duty_rows.pending(tx)]


def _emergency(ward: Ward, group: tuple[str, str], product: str = RED, **changes: Any) -> dict[str, Any]:
    bag = ward.bring(1, group, product)
    whole = samples.emergency_values(1)
    line = {**{key: bag.get(key) for key in samples.LABEL}, "inspected": True, "crossmatch_result": "pending"}
    if product == PLASMA:
        line["crossmatch_result"] = "not_required"
    return {**whole, "request_no": None, "bags": (line,), **changes}


EMERGENCY_CHOICES = {
    (RED, "O"): True, (RED, "A"): False, (RED, "B"): False, (RED, "AB"): False,
    (PLASMA, "AB"): True, (PLASMA, "O"): False, (PLASMA, "A"): False, (PLASMA, "B"): False,
    (PLATELETS, "A"): False, (PLATELETS, "O"): False, (PLATELETS, "AB"): False,
}  # fmt: skip


@pytest.mark.parametrize(("product", "abo"), EMERGENCY_CHOICES)
def test_an_emergency_has_narrow_choices(product: str, abo: str, ward: Ward) -> None:
    """Without a group only O red cells and AB plasma leave; everything else stays blocked for everybody."""
    whole = _emergency(ward, (abo, "positive"), product)
    if EMERGENCY_CHOICES[product, abo]:
        ward.give(whole)
    else:
        assert "issue-abo" in ward.stopping(whole)


def test_an_emergency_leaves_a_duty_that_only_its_completion_closes(ward: Ward, clock: FakeClock) -> None:
    """It is due in 24 hours, overdue after, and ends when request, sample and crossmatch are there, not one of them."""
    whole = _emergency(ward, ("O", "positive"))
    saved = ward.give(whole)
    assert saved.told and _pending(ward) == ["issue_completion"]
    with ward.profile.store.read() as tx:
        (duty,) = duty_rows.pending(tx)
    assert duty.due_at == NOW + timedelta(hours=24)
    clock.advance(hours=25)
    desk = ward.profile.desk
    values = dict(desk.view("clinical_issue", saved.record_id).values)
    with pytest.raises(Stopped) as caught:
        desk.amend("clinical_issue", saved.record_id, {**values, "request_no": "SQ404"})
    assert {one.code for one in caught.value.settled.stopping} == {"no-request"}
    order = {**values, "request_no": "SQ9", "sample_no": None, "sampled_at": None}
    desk.register("transfusion_request", samples.request_for(order))
    values["request_no"] = "SQ9"
    desk.amend("clinical_issue", saved.record_id, values)
    assert _pending(ward) == ["issue_completion"]
    values |= samples.sample_values(1, group={"patient_abo": "O", "patient_rhd": "positive"})
    desk.amend("clinical_issue", saved.record_id, values)
    assert _pending(ward) == ["issue_completion"]
    (bag,) = values["bags"]
    values["bags"] = ({**bag, **samples.crossmatch_values(bag)},)
    desk.amend("clinical_issue", saved.record_id, values)
    assert _pending(ward) == []
    with pytest.raises(Stopped) as caught:
        desk.amend("clinical_issue", saved.record_id, {**values, "request_no": "SQ10"})
    assert {one.code for one in caught.value.settled.stopping} == {"fact-changed"}
    assert verify.problems(ward.profile.store) == []


def test_an_emergency_is_not_an_excuse_for_a_known_wrong_bag(ward: Ward) -> None:
    """A defect, an expired bag, an incompatible crossmatch and another patient's request stop an emergency as well."""
    whole = _emergency(ward, ("O", "positive"))
    (line,) = whole["bags"]
    for change, rule in (
        ({"visual_defects": ("clot",)}, "issue-inspection"),
        ({"inspected": False}, "issue-inspection"),
        ({**samples.crossmatch_values(line), "crossmatch_result": "incompatible"}, "issue-crossmatch"),
    ):
        assert rule in ward.stopping({**whole, "bags": ({**line, **change},)})
    assert "issue-emergency" in ward.stopping({**whole, "emergency_approver": ward.profile.desk.operator})


# -- boundaries ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "stops"), [(-1, False), (0, False), (1, True)])
def test_a_sample_is_good_for_72_hours(seconds: int, stops: bool, ward: Ward) -> None:
    """At 72 hours to the second it still is, one second later it is not."""
    bag = ward.bring(1, ("A", "positive"))
    drawn = NOW - timedelta(hours=72, seconds=seconds)
    whole = ward.values(bag, ask=False, sampled_at=drawn)
    none: dict[str, Any] = dict.fromkeys(("sample_no", "sampled_at", "sampled_by"))
    ward.profile.desk.register("transfusion_request", samples.request_for(whole, **none))
    assert ward.found(whole) == {"issue-sample-age": "block" if stops else "warn"}


@pytest.mark.parametrize(("seconds", "stops"), [(-1, True), (0, True), (1, False)])
def test_a_bag_lasts_until_it_is_needed(seconds: int, stops: bool, ward: Ward) -> None:
    """A bag that expires a second before it is needed, or in that second, stays; a second later it may go."""
    ends = NOW + timedelta(hours=3, seconds=seconds)
    bag = ward.bring(1, ("A", "positive"), expires_at=ends)
    whole = ward.values(bag, needed_at=NOW + timedelta(hours=3))
    assert ward.found(whole) == ({"issue-expires-before-needed": "block"} if stops else {})


@pytest.mark.parametrize(("days", "level"), [(-1, "override"), (0, None), (1, None)])
def test_a_woman_is_protected_to_the_end_of_her_fiftieth_year(days: int, level: str | None, ward: Ward) -> None:
    """Platelets of an RhD positive donor: until the day before she is fifty-one the director is asked."""
    bag = ward.bring(1, ("A", "positive"), PLATELETS)
    born = (NOW - timedelta(days=days)).date().replace(year=NOW.year - 51)
    more: dict[str, Any] = {"birth_date": born, "id_type": None, "id_no": None, "sex": "female"}
    whole = ward.values(bag, seed=A_NEGATIVE, **more)
    assert ward.found(whole) == {"issue-rhd": level or "warn"}


@pytest.mark.parametrize("amount", [Decimal("1.5"), Decimal("2"), Decimal("2.5")])
def test_the_request_is_the_limit(amount: Decimal, ward: Ward) -> None:
    """What is asked for may leave, half a unit more may not."""
    bag = ward.bring(1, ("A", "positive"))
    whole = ward.values(bag, ask=False)
    asked = ({"component": "RBC-S", "abo": "A", "rhd": "positive", "amount": amount},)
    ward.profile.desk.register("transfusion_request", samples.request_for(whole, components=asked))
    assert ward.found(whole) == ({"issue-quantity": "block"} if amount < 2 else {})


# -- two at once ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["issue", "reserve", "quarantine"])
def test_two_desks_on_one_bag(first: str, ward: Ward) -> None:
    """Two people who looked at the same bag: the first one has it, the second is told, whatever either wants."""
    bag = ward.bring(1, ("A", "positive"))
    one = ward.values(bag)
    two = ward.values(bag, seed=6)
    assert ward.found(one) == ward.found(two) == {}
    acts: dict[str, Callable[[], object]] = {
        "issue": lambda: ward.give(one),
        "reserve": lambda: ward.bags.stock.do("reserve", [bag_key(bag)], holder=one["request_no"]),
        "quarantine": lambda: ward.bags.stock.do("quarantine", [bag_key(bag)], reason="外观待查"),
    }
    acts[first]()
    assert ward.stopping(two)
    assert ward.bags.differences() == []


# -- alone, and elsewhere ------------------------------------------------------------------------------------------


def test_a_solo_duty_leaves_the_second_look_open(ward: Ward) -> None:
    """Where the hospital allows it, who is alone reviews herself; the duty ends when somebody else has looked."""
    bag = ward.bring(1, ("A", "positive"))
    whole = ward.values(bag)
    (line,) = whole["bags"]
    alone = {**whole, "bags": ({**line, "crossmatch_reviewer": line["crossmatched_by"]},)}
    assert ward.stopping(alone) == {"issue-crossmatch-persons"}
    now = ward.bags.now()
    with ward.profile.store.write() as tx:
        site_rows.switch(tx, Switched("solo_duty", "allowed", "夜班只有一人", now, "训练丁"))
    saved = ward.give(alone)
    assert [one.rule for one in saved.told] == ["issue-crossmatch-persons"]
    assert _pending(ward) == ["crossmatch_review"]
    desk = ward.profile.desk
    values = dict(desk.view("clinical_issue", saved.record_id).values)
    (given,) = values["bags"]
    desk.amend("clinical_issue", saved.record_id, {**values, "bags": ({**given, "crossmatch_reviewer": "训练丙"},)})
    assert _pending(ward) == []


def test_what_happened_elsewhere_is_believed(ward: Ward, clock: FakeClock) -> None:
    """An issue of another workstation arrives days later: the bag has left, whatever a rule would say of it today."""
    bag = ward.bring(1, ("A", "positive"))
    whole = ward.values(bag, ask=False)
    clock.advance(days=9)
    arrive(ward.profile, record_type("clinical_issue"), whole)
    assert (ward.bags.state(bag), ward.bags.row(bag).holder) == ("issued", whole["request_no"])
    again = {**whole, "issue_no": "FX2"}
    assert "bag-life" in ward.stopping(again)
    assert ward.bags.differences() == []
