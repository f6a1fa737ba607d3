"""Modules that are scanned: bags come in, are taken back out of the books, leave for a patient, leave for another end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.storage.verify import problems
from tests import samples
from tests.forms.bags import label_scans
from tests.journeys.conftest import CTRL, PATIENCE
from tests.journeys.modules.kit import KEY, RETESTED, SHIFT, Person, same, this_minute, to_type
from tests.waiting import wait_until

IN, OUT, REMOVAL, REQUEST = "stock_in", "clinical_issue", "other_stock_out", "transfusion_request"


def scans(index: int, now: datetime, *wanted: str) -> list[str]:
    """Return codes of a bag's label: all, or those that begin with one of `wanted`."""
    return [code for code in label_scans(index, now=now) if not wanted or code.startswith(wanted)]


def leaving(index: int, now: datetime) -> list[str]:
    """Return what is scanned of a bag that leaves: its number and its product."""
    return [code for code in scans(index, now) if not code.startswith(("=%", "&>"))]


def test_a_delivery_comes_in_is_sent_and_is_reversed(person: Person) -> None:
    """Bags are scanned in and registered with Ctrl+S; nothing changes or removes that, a reversal takes them out again."""
    now = this_minute()
    bags = [samples.bag_values(index, now=now) for index in range(2)]
    page = person.go_to(IN)
    dialog = person.begin()
    verdict = person.scan(dialog, *scans(0, now), *scans(1, now))
    assert "第 2 袋" in verdict
    person.fill(dialog, {"checker": "训练丙"})
    person.save(dialog)
    record = person.newest(IN)
    assert [bag["donation_number"] for bag in record.values["bags"]] == [bag["donation_number"] for bag in bags]
    assert [person.bag_state(bag) for bag in bags] == ["available"] * 2

    person.find(IN, record.values["intake_no"][-6:])
    assert person.no_dialog(KEY.Key_F2) and person.no_dialog(KEY.Key_Delete)
    person.acknowledged(IN, record.record_id)
    assert "平台回执号" in person.facts(IN)

    person.press(KEY.Key_R, CTRL | SHIFT)
    person.answer("reverse", "供血机构选错")
    wait_until(lambda: person.bag_state(bags[0]) == "reversed", PATIENCE)
    page.view.setFocus()
    person.press(KEY.Key_Escape)
    wait_until(lambda: page.count.text() == "共 2 条", PATIENCE)
    (reversal,) = [one for one in person.records(IN) if one.record_id != record.record_id]
    assert reversal.values["reverses"] == record.values["intake_no"]
    assert reversal.values["reversal_reason"] == "供血机构选错"
    person.acknowledged(IN, reversal.record_id)

    # The same bags may come in again.
    dialog = person.begin()
    person.scan(dialog, *scans(0, now))
    person.fill(dialog, {"checker": "训练丙"})
    person.save(dialog)
    assert person.bag_state(bags[0]) == "available"
    person.sent()
    assert problems(person.store) == []


def test_bags_leave_for_a_patient_from_the_request(person: Person) -> None:
    """An issue begins from its request; bags are scanned against the stock, crossmatched, registered, amended, never deleted."""
    now = this_minute()
    person.put(IN, samples.delivery_of([samples.bag_values(index, now=now) for index in range(2)], 1, now=now))
    request = samples.request_values(6, now=now)
    person.put(REQUEST, request)
    wanted = samples.issue_values(1, 6, bags=[samples.bag_values(1, now=now)], now=now)
    person.go_to(REQUEST)
    person.find(REQUEST, request["request_no"][-4:])
    dialog = person.follow(REQUEST, "issue")
    assert dialog.form.values()["request_no"] == request["request_no"]
    assert "不在库存中" in person.scan(dialog, *leaving(7, now))
    assert not dialog.blocks["bags"].model.rows
    verdict = person.scan(dialog, *leaving(1, now))
    assert "第 1 袋" in verdict and len(dialog.blocks["bags"].model.rows) == 1, verdict
    (bag,) = wanted["bags"]
    person.change_line(dialog, "bags", 0, {key: bag[key] for key in samples.crossmatch_values(bag, now=now)})
    person.fill(dialog, {key: wanted[key] for key in (*RETESTED, "collector", "checker")})
    person.save(dialog)
    assert person.bag_state(bag) == "issued"
    record = person.newest(OUT)
    assert record.values["patient_name"] == request["patient_name"]

    person.go_to(OUT)
    person.find(OUT, request["patient_name"])
    person.acknowledged(OUT, record.record_id)
    assert "平台回执号" in person.facts(OUT)
    dialog = person.amend()
    assert dialog.form.editors["request_no"].text() == request["request_no"]
    person.fill(dialog, {"remark": "输注顺利"})
    person.save(dialog)
    assert person.newest(OUT).values["remark"] == "输注顺利"
    assert person.no_dialog(KEY.Key_Delete)
    person.sent()
    assert [one["version"] for one in person.changes(record.record_id)] == [1, 2]
    assert problems(person.store) == []


def test_bags_go_to_another_hospital_which_says_so(person: Person) -> None:
    """A transfer is registered by keys and scanner, goes up, and the other hospital's word stands in list and dialog."""
    now = this_minute()
    bag = samples.bag_values(0, now=now)
    person.put(IN, samples.delivery_of([bag], 1, now=now))
    hospital = next(iter(table("receiving_hospital")))
    changes: dict[str, Any] = {"out_type": "transfer", "to_hospital": hospital, "reason": "other"}
    wanted = samples.removal_values(1, 3, bags=[bag], now=now, **changes, reason_text="对方急需")
    person.go_to(REMOVAL)
    dialog = person.begin()
    person.scan(dialog, *leaving(0, now))
    person.fill(dialog, {**to_type(dialog.declared, wanted), "reason_text": "对方急需"})
    person.save(dialog)
    record = person.newest(REMOVAL)
    same(REMOVAL, record.values, wanted)
    assert person.bag_state(bag) == "transferred"

    person.find(REMOVAL, record.values["out_no"][-6:])
    person.sent()
    person.act("transfer-acknowledge", id=record.record_id, acknowledged_by="训练对方")
    person.heard(REMOVAL, "调入医院已确认")
    assert "训练对方" in person.facts(REMOVAL)
    dialog = person.amend()
    person.fill(dialog, {"remark": "已电话确认"})
    person.save(dialog)
    assert person.no_dialog(KEY.Key_Delete)
    person.sent()
    assert [one["body"].get("remark") for one in person.changes(record.record_id)][-1] == "已电话确认"
    assert problems(person.store) == []
