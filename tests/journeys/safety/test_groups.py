"""Red cells and plasma of the wrong group, anti-D under another number, and a patient whose group nobody knows."""

from __future__ import annotations

from bloodbank_desktop.operations import patients
from bloodbank_desktop.operations.desk import Desk
from tests import samples
from tests.journeys.modules.kit import to_type
from tests.journeys.safety.kit import ISSUE, PLASMA, REQUEST, IssueDesk, name

O_PATIENT, A_PATIENT = 2, 6
#: A man without the D antigen.
D_NEGATIVE = 5


def test_red_cells_of_another_group_do_not_leave(desk: IssueDesk) -> None:
    """O patient, A bag: it is not offered; scanned anyway it is refused by its sentence, and nothing leaves."""
    wrong, right = desk.bag(1, "A"), desk.bag(2, "O")
    desk.stocked(wrong, right)
    wanted = desk.asked_for(O_PATIENT, right)
    dialog = desk.begin(wanted)
    assert desk.offered(dialog) == {name(right)}
    desk.take(dialog, wrong)
    desk.fill(dialog, wanted)
    said = desk.attempt(dialog)
    assert f"第 1 袋：{name(wrong)} 是A型去白细胞悬浮红细胞，不能给O型患者，请另选" in said
    assert not dialog.parts.override.isVisible()
    desk.nothing_left(wrong, right)
    assert desk.refusals()["issue-abo"] == 1
    desk.put_back(dialog)
    desk.take(dialog, right)
    assert desk.attempt(dialog) == []
    desk.hand_over(dialog, wanted, right)
    assert desk.state(wrong) == "available"


def test_plasma_goes_the_other_way_round(desk: IssueDesk) -> None:
    """A patient: O plasma, whose red cells she could have had, is refused; AB plasma leaves with a word of warning."""
    wrong, right = desk.bag(1, "O", product=PLASMA), desk.bag(2, "AB", product=PLASMA)
    desk.stocked(wrong, right)
    wanted = desk.asked_for(A_PATIENT, desk.bag(3, "A", product=PLASMA))
    dialog = desk.begin(wanted)
    assert desk.offered(dialog) == {name(right)}
    desk.take(dialog, wrong)
    desk.fill(dialog, wanted)
    said = desk.attempt(dialog)
    assert f"第 1 袋：{name(wrong)} 是O型新鲜冰冻血浆，不能给A型患者，请另选" in said
    assert not dialog.parts.override.isVisible()
    desk.nothing_left(wrong, right)
    desk.put_back(dialog)
    desk.take(dialog, right)
    desk.after_warnings(dialog, "相容但非同型，请与经治医师商定")
    desk.hand_over(dialog, wanted, right)


def test_anti_d_under_another_number_stops_without_a_way_round(desk: IssueDesk) -> None:
    """What was found under a merged number counts: RhD positive is refused, and nobody is offered to override it."""
    wrong, right = desk.bag(1, "O", "positive"), desk.bag(2, "O", "negative")
    desk.stocked(wrong, right)
    wanted = desk.asked_for(D_NEGATIVE, right)
    earlier = samples.request_values(D_NEGATIVE + 6, now=desk.now, antibodies=("anti_d",))
    desk.person.put(REQUEST, earlier)
    dialog = desk.begin(wanted)
    desk.take(dialog, wrong)
    desk.fill(dialog, wanted)
    # As long as nobody knows that both numbers are hers, the director could let it pass.
    said = desk.attempt(dialog)
    assert any("须科主任批准并由第二人签名" in one for one in said), said
    assert dialog.parts.override.isVisible()
    program = desk.person.station.program
    assert program.profile is not None
    beside = Desk(program.profile.store, program.clock, program.profile.persons.step_in("训练乙"))
    patients.merge(beside, wanted["medical_record_no"], earlier["medical_record_no"], reason="身份证核对为同一人")
    said = desk.attempt(dialog)
    assert f"第 1 袋：{name(wrong)} 是 RhD 阳性，患者有抗-D，不得发出，请选 RhD 阴性血" in said
    assert not dialog.parts.override.isVisible()
    desk.nothing_left(wrong, right)
    desk.put_back(dialog)
    desk.take(dialog, right)
    assert desk.attempt(dialog) == []
    desk.hand_over(dialog, wanted, right)


def test_an_unknown_patient_in_an_emergency_gets_o_cells_only(desk: IssueDesk) -> None:
    """Group unknown: A is refused, O leaves with reason and approver, and what was left out stays open as a duty."""
    wanted = samples.emergency_values(1, now=desk.now) | {"request_no": None}
    wrong, right = desk.bag(1, "A"), desk.bag(2, "O")
    desk.stocked(wrong, right)
    desk.person.go_to(ISSUE)
    dialog = desk.person.begin()
    written = to_type(dialog.declared, wanted)
    later = {key: written.pop(key) for key in ("emergency_reason", "emergency_approver")}
    desk.take_untested(dialog, wrong)
    desk.person.fill(dialog, written)
    said = desk.attempt(dialog)
    assert {"请填写紧急原因", "请填写紧急用血批准人"} <= set(said), said
    desk.person.fill(dialog, later)
    said = desk.attempt(dialog)
    assert f"第 1 袋：{name(wrong)} 是A型去白细胞悬浮红细胞，不能给血型未定的患者，请另选" in said
    assert not dialog.parts.override.isVisible()
    desk.nothing_left(wrong, right)
    desk.put_back(dialog)
    desk.take_untested(dialog, right)
    desk.after_warnings(dialog, "按紧急发出O型去白细胞悬浮红细胞", "小时内补齐")
    desk.hand_over(dialog, wanted, right)
    (duty,) = desk.duties(desk.issues()[0])
    assert (duty.what, duty.closed_at) == ("issue_completion", None)
