"""The one long journey: from the order of blood to the trace of a reaction, and what the other offices say meanwhile.

It is played by keys and scanner in the real window, against the real training server, with a second real workstation
where two are needed. Each module has journeys of its own; here it is shown that they hang together.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTextBrowser

from bloodbank_desktop.operations.trace import trace
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.storage.verify import problems
from bloodbank_desktop.training import labels
from bloodbank_desktop.training.server import TrainingServer
from bloodbank_desktop.ui.exchange_dialog import ExchangeDialog
from tests import samples
from tests.exchange.books import write as write_book
from tests.faults.proxy import FaultProxy
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.journeys.modules.kit import (
    KEY,
    RETESTED,
    SHIFT,
    Person,
    activated_in_two_windows,
    another,
    same,
    sit_down,
    this_minute,
    to_type,
)
from tests.waiting import wait_until

ORDER, NOTE, IN, REQUEST = "blood_order", "dispatch_note", "stock_in", "transfusion_request"
ISSUE, REACTION, REMOVAL = "clinical_issue", "adverse_reaction", "other_stock_out"
REVIEW, REFERRAL, PLAN = "entitlement_review", "immunohaematology_request", "donor_plan"
#: The patient; another one is asked about at the laboratory, for whoever has antibodies gets other blood.
PATIENT, REFERRED = 6, 7
BAGS = 20


def test_from_the_order_to_the_trace(
    qapp: QApplication, station: Workstation, network: FaultProxy, platform: TrainingServer, tmp_path: Path
) -> None:
    """Ordered, dispatched, received, requested, issued, reacted to, discarded, traced: one chain and no broken link."""
    person = sit_down(station, platform)
    order_no = _order(person)
    note_no, bags, missing, extra, damaged = _receive(person)
    request_no = _import_request(person, tmp_path / "病区申请.xlsx")
    given = bags[:2]
    issue_no = _issue(person, request_no, given)
    report_no = _report(person, given)
    out_no = _discard(person, damaged)
    _trace(person, given[0], (order_no, note_no, request_no, issue_no, report_no))
    _both_ways(person, order_no, given, damaged, extra, missing)
    assert out_no in _names(person, damaged["donation_number"])
    _certificate(person)
    _laboratory(person)
    with another(qapp, tmp_path / "second", network.url, platform) as second:
        person.come()
        person.act("plan-allocate")
        for one in (person, second):
            one.come()
            one.arrives(PLAN)
        activated_in_two_windows(person, second, network)
        # What one workstation did arrived at the other by itself.
        states = [second.bag_state(bag) for bag in (given[0], damaged, extra, missing)]
        assert states == ["issued", "discarded", "available", ""]
        assert problems(second.store) == []
    person.come()
    person.sent()
    assert problems(person.store) == []


def _order(person: Person) -> str:
    """Forty-four units are ordered with keys; the station promises forty of them and sends twenty bags."""
    line = {"component": "RBC-SLR", "abo": "A", "rhd": "positive", "amount": Decimal(44)}
    values = samples.order_values(PATIENT, now=this_minute(), order_lines=(line,))
    person.go_to(ORDER)
    dialog = person.begin()
    person.fill(dialog, to_type(dialog.declared, values))
    person.add_lines(dialog, "order_lines", values["order_lines"])
    person.save(dialog)
    record = person.newest(ORDER)
    same(ORDER, record.values, values)
    number = str(record.values["order_no"])
    person.find(ORDER, number[-6:])
    person.sent()
    person.act("order-accept", id=record.record_id)
    person.heard(ORDER, "已受理")
    person.act("order-partly", id=record.record_id, line=["1=partly:40"], remark="库存紧张")
    person.heard(ORDER, "部分满足")
    assert "库存紧张" in person.facts(ORDER)
    person.act("order-dispatch", id=record.record_id)
    person.heard(ORDER, "在途")
    return number


def _receive(person: Person) -> tuple[str, list[Values], Values, Values, Values]:
    """Twenty bags are scanned against the note: the last one is missing, one is on no note, one leaks.

    Returns the number of the note, the bags of the note that are well, the missing, the extra and the leaking one.
    """
    person.arrives(NOTE)
    note = person.newest(NOTE)
    *came, missing = note.values["bags"]
    assert len(came) == BAGS - 1
    # Only a reviewer may answer for a bag that is on no note.
    person.station.sit_down("yi")
    person.station.page(NOTE).view.setFocus()
    dialog = person.follow(NOTE)
    wait_until(lambda: f"已收 0，缺 {BAGS}" in person.ticked(dialog), PATIENCE)
    # The first label is smudged: its check character objects, nothing is taken, and the second try is right.
    number, *others = labels.scans(came[0])
    wrong = check_characters.flag("A999926999999")
    assert not number.endswith(wrong)
    person.scan(dialog, number[:-2] + wrong)
    assert not dialog.blocks["bags"].model.rows
    person.scan(dialog, number, *others)
    for bag in came[1:]:
        person.scan(dialog, *labels.scans(bag))
    extra = samples.bag_values(5, now=this_minute(), product="E5445V00", group=("A", "positive"))
    person.scan(dialog, *labels.scans(extra))
    said = person.ticked(dialog)
    assert f"已收 {BAGS - 1}，缺 1（" in said and said.endswith("单外 1"), said
    assert len(dialog.blocks["bags"].model.rows) == BAGS
    person.fill(dialog, {"checker": samples.STAFF[2]})
    person.answer_for(dialog, "供血机构电话确认为本院加送")
    person.station.sit_down("jia")
    whole = person.newest(IN)
    assert (len(whole.values["bags"]), whole.values["station_issue_no"]) == (BAGS, note.values["note_no"])
    assert {person.bag_state(bag) for bag in [*came, extra]} == {"available"} and person.bag_state(missing) == ""

    # One of them leaks: it is set aside at the stock page before anybody can choose it.
    damaged = came[-1]
    page = person.go_to("stock")
    person.press(KEY.Key_F, CTRL)
    page.search.setText(damaged["donation_number"])
    wait_until(lambda: page.view.current_row() is not None and page.model.rowCount() == 1, PATIENCE)
    person.station.settle()
    page.view.setFocus()
    person.press(KEY.Key_G, CTRL)
    person.answer("quarantine", "运输中破损渗漏")
    wait_until(lambda: person.bag_state(damaged) == "quarantined", PATIENCE)
    return str(note.values["note_no"]), came[:-1], missing, extra, damaged


def _import_request(person: Person, path: Path) -> str:
    """The ward's request comes as a workbook; it is looked at, then imported with keys."""
    wanted = {"component": "RBC-SLR", "abo": "A", "rhd": "positive", "amount": Decimal(4)}
    values = samples.request_values(PATIENT, now=this_minute(), components=(wanted,))
    # 800 ml in a day want the head of the department as well.
    senior = values["approvals"][1]
    values["approvals"] = (*values["approvals"], {**senior, "role": "head", "name": samples.STAFF[2]})
    write_book(path, [values])
    page = person.go_to(REQUEST)
    person.press(KEY.Key_I, CTRL | SHIFT)
    wait_until(lambda: isinstance(QApplication.activeModalWidget(), ExchangeDialog), PATIENCE)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ExchangeDialog)
    dialog.ask_open = lambda *_: path
    person.press(KEY.Key_O, CTRL)
    wait_until(dialog.all.isEnabled, PATIENCE)
    assert person.records(REQUEST) == []
    person.press(KEY.Key_S, CTRL)
    person.station.closed()
    wait_until(lambda: page.count.text() == "共 1 条", PATIENCE)
    same(REQUEST, person.newest(REQUEST).values, values)
    return str(values["request_no"])


def _issue(person: Person, request_no: str, given: list[Values]) -> str:
    """Two bags leave for the request: scanned against the stock, crossmatched one by one, checked by a second person."""
    now = this_minute()
    wanted = samples.issue_values(seed=PATIENT, bags=given, now=now)
    person.find(REQUEST, request_no[-4:])
    dialog = person.follow(REQUEST, "issue")
    for place, bag in enumerate(given, start=1):
        number, _, product, _ = labels.scans(bag)
        assert f"第 {place} 袋" in person.scan(dialog, number, product)
    for place, bag in enumerate(wanted["bags"]):
        person.change_line(dialog, "bags", place, {key: bag[key] for key in samples.crossmatch_values(bag, now=now)})
    # The group is found once more in the sample of today; whoever takes the bags away signs for them at this screen.
    person.fill(dialog, {key: wanted[key] for key in (*RETESTED, "collector", "checker")})
    person.save(dialog)
    assert [person.bag_state(bag) for bag in given] == ["issued", "issued"]
    return str(person.newest(ISSUE).values["issue_no"])


def _report(person: Person, given: list[Values]) -> str:
    """The patient has a fever: both bags are offered as its possible cause, and the platform acknowledges the report."""
    now = this_minute()
    person.go_to(ISSUE)
    person.find(ISSUE, samples.person_values(PATIENT)["patient_name"])
    dialog = person.follow(ISSUE)
    offered = [row.values["donation_number"] for row in dialog.blocks["bags"].model.rows]
    assert offered == [bag["donation_number"] for bag in given]
    wanted = samples.reaction_values(seed=PATIENT, bags=given, now=now) | {"onset_at": now, "reported_at": now}
    person.fill(dialog, to_type(dialog.declared, wanted))
    person.save(dialog)
    record = person.newest(REACTION)
    person.go_to(REACTION)
    person.find(REACTION, record.values["report_no"][-6:])
    person.sent()
    person.act("reaction-acknowledge", id=record.record_id)
    person.heard(REACTION, "平台已收悉")
    return str(record.values["report_no"])


def _discard(person: Person, damaged: Values) -> str:
    """The leaking bag is discarded with reason, approver and witness."""
    wanted = samples.removal_values(seed=PATIENT, bags=[{**damaged, "entry": "scanned"}], now=this_minute())
    person.go_to(REMOVAL)
    dialog = person.begin()
    number, _, product, _ = labels.scans(damaged)
    person.scan(dialog, number, product)
    more = {key: wanted[key] for key in ("witness", "waste_handover_no")}
    person.fill(dialog, {**to_type(dialog.declared, wanted), **more})
    person.save(dialog)
    assert person.bag_state(damaged) == "discarded"
    return str(person.newest(REMOVAL).values["out_no"])


def _trace(person: Person, bag: Values, numbers: tuple[str, ...]) -> None:
    """A scan into the list opens the life of the bag: one page with every paper of its chain."""
    page = person.go_to(IN)
    page.view.setFocus()
    person.scan_window(labels.scans(bag)[0])
    wait_until(lambda: person.asked() == "dialog.trace", PATIENCE)
    window = QApplication.activeModalWidget()
    assert window is not None
    browser = window.findChild(QTextBrowser, "trace.page")
    assert isinstance(browser, QTextBrowser)
    text = browser.toPlainText()
    for number in (*numbers, str(person.newest(IN).values["intake_no"])):
        assert number in text, number
    assert "断链" not in text
    person.press(Qt.Key.Key_Escape)
    person.station.closed()


def _names(person: Person, text: str) -> str:
    return " ".join(one.name for one in trace(person.station.desk, text).records)


def _both_ways(
    person: Person, order_no: str, given: list[Values], damaged: Values, extra: Values, missing: Values
) -> None:
    """Downstream from the order goes every bag to its end; upstream from the reaction goes the patient's blood to the order."""
    desk = person.station.desk
    down = trace(desk, order_no)
    assert down.broken == () and not down.cut
    assert {one.kind for one in down.records} == {ORDER, NOTE, IN, REQUEST, ISSUE, REACTION, REMOVAL}
    states = {story.key: story.row.state if story.row is not None else "" for story in down.bags}
    assert len(states) >= BAGS
    assert [states[bag_key(bag)] for bag in (*given, damaged)] == ["issued", "issued", "discarded"]
    up = trace(desk, person.newest(REACTION).values["report_no"])
    assert up.broken == ()
    assert {one.kind for one in up.records} == {ORDER, NOTE, IN, REQUEST, ISSUE, REACTION}
    assert {story.key for story in up.bags} == {bag_key(bag) for bag in given}
    life = [entry.event for story in up.bags for entry in story.life]
    assert life == ["receive_checked", "issue"] * 2
    assert person.bag_state(extra) == "available" and person.bag_state(missing) == ""
    events = [entry.event for story in trace(desk, damaged["donation_number"]).bags for entry in story.life]
    assert events == ["receive_checked", "quarantine", "discard"]


def _certificate(person: Person) -> None:
    """The reviewing office wants more, the hospital completes the application, and it passes."""
    record_id = person.put(REVIEW, samples.review_values(PATIENT, now=this_minute()))
    page = person.go_to(REVIEW)
    person.press(KEY.Key_F5)
    wait_until(lambda: page.count.text() == "共 1 条", PATIENCE)
    person.find(REVIEW, f"SZS{PATIENT:08d}"[-6:])
    person.sent()
    person.act("review-not-pass", id=record_id, lacking="献血证复印件不清晰")
    person.heard(REVIEW, "未通过")
    assert "献血证复印件不清晰" in person.facts(REVIEW)
    dialog = person.amend()
    person.change_line(dialog, "evidence", 2, {"pages": Decimal(2)})
    person.fill(dialog, {"remark": "已重新复印献血证"})
    person.save(dialog)
    person.sent()
    person.act("review-pass", id=record_id)
    person.heard(REVIEW, "审核通过")
    assert "献血证复印件不清晰" not in person.facts(REVIEW)


def _laboratory(person: Person) -> None:
    """The reference laboratory receives the sample and returns what it found."""
    record_id = person.put(REFERRAL, samples.referral_values(REFERRED, now=this_minute()))
    page = person.go_to(REFERRAL)
    person.press(KEY.Key_F5)
    wait_until(lambda: page.count.text() == "共 1 条", PATIENCE)
    person.find(REFERRAL, f"MYS{REFERRED:08d}"[-6:])
    person.sent()
    person.act("laboratory-receive", id=record_id)
    person.heard(REFERRAL, "中心已接收")
    person.act("laboratory-report", id=record_id, result=["antibody_id=检出抗-E"], conclusion="抗-E，供 E 抗原阴性血液")
    person.heard(REFERRAL, "报告已发")
    told = person.facts(REFERRAL)
    assert "检出抗-E" in told and "抗-E，供 E 抗原阴性血液" in told
