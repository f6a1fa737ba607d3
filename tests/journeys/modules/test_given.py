"""What the other side makes: plans to activate, delivery notes to receive, recalls to obey; nobody here changes those."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.storage.verify import problems
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.faults.proxy import FaultProxy
from tests.forms.bags import label_scans
from tests.journeys.conftest import CTRL, PATIENCE
from tests.journeys.modules.kit import KEY, Person, activated_in_two_windows, another, this_minute
from tests.waiting import wait_until

PLAN, NOTE, RECALL, IN, ORDER = "donor_plan", "dispatch_note", "recall_notice", "stock_in", "blood_order"


def _only_looked_at(person: Person, kind: str) -> None:
    """Neither Ctrl+N, F2 nor Del do anything in a module that the other side fills."""
    assert person.no_dialog(KEY.Key_N, CTRL)
    assert person.no_dialog(KEY.Key_F2)
    assert person.no_dialog(KEY.Key_Delete)


def test_a_plan_is_allocated_found_and_activated(person: Person) -> None:
    """A plan comes with the feed, is activated with Ctrl+Enter, and its use is shown; it can be neither made nor changed."""
    person.act("plan-allocate", donor_name="钱**")
    person.arrives(PLAN)
    assert "已分配" in person.row(PLAN)
    _only_looked_at(person, PLAN)
    plan = person.newest(PLAN)
    person.find(PLAN, plan.values["plan_no"][-4:])
    assert "钱**" in person.row(PLAN)
    person.press(KEY.Key_Return, CTRL)
    person.answer("activate", "")
    wait_until(lambda: person.newest(PLAN).values.get("activated_by") == "训练甲", PATIENCE)
    person.sent()
    person.press(KEY.Key_F5)
    person.heard(PLAN, "已激活")
    person.act("plan-use", id=plan.record_id)
    person.heard(PLAN, "部分使用")
    assert "剩余" in person.facts(PLAN)

    # Once is once.
    person.press(KEY.Key_Return, CTRL)
    person.answer("activate", "")
    wait_until(lambda: "激活过，不能再次激活" in person.window.messages.text, PATIENCE)
    person.sent()
    assert len([one for one in person.changes(plan.record_id) if one["body"].get("activatedBy")]) >= 1
    assert problems(person.store) == []


@pytest.fixture
def second(
    qapp: QApplication, person: Person, network: FaultProxy, platform: TrainingServer, tmp_path: Path
) -> Iterator[Person]:
    """A person at a second workstation of the hospital."""
    with another(qapp, tmp_path / "second", network.url, platform) as made:
        yield made


def test_a_plan_activated_in_two_windows_is_activated_once(person: Person, second: Person, network: FaultProxy) -> None:
    """Two workstations activate the same plan while the network is down: the platform takes one, the other is told."""
    person.come()
    person.act("plan-allocate")
    for one in (person, second):
        one.come()
        one.arrives(PLAN)
    activated_in_two_windows(person, second, network)


def test_a_delivery_note_is_ticked_off_bag_by_bag(person: Person) -> None:
    """Received from its note: what is missing and what is not on the note is said in words; what came is in the stock."""
    now = this_minute()
    person.put(ORDER, samples.order_values(2, now=now))
    person.sent()
    person.act("order-satisfy")
    person.act("order-dispatch")
    person.arrives(NOTE)
    _only_looked_at(person, NOTE)
    note = person.newest(NOTE)
    bags = note.values["bags"]
    assert len(bags) > 1
    person.find(NOTE, note.values["note_no"][-4:])
    assert "登记" in person.facts(NOTE)
    dialog = person.follow(NOTE)
    assert dialog.form.values()["station_issue_no"] == note.values["note_no"]
    wait_until(lambda: f"已收 0，缺 {len(bags)}" in person.ticked(dialog), PATIENCE)
    for bag in bags[:-1]:
        person.scan(dialog, *person.label(bag))
    missing = bags[-1]
    assert f"已收 {len(bags) - 1}，缺 1（" in person.ticked(dialog) and missing["product_code"] in person.ticked(dialog)
    assert "单外" not in person.ticked(dialog)
    person.scan(dialog, *label_scans(5, now=now))
    assert person.ticked(dialog).endswith("单外 1")
    block = dialog.blocks["bags"]
    assert "发血单上没有这一袋" in block.model.rows[-1].status
    assert not any("没有这一袋" in row.status for row in block.model.rows[:-1])

    # The one that is not on the note is put aside and not registered.
    person.to_table("bags")
    block.select(len(block.model.rows) - 1)
    person.press(KEY.Key_Delete, CTRL)
    wait_until(lambda: len(block.model.rows) == len(bags) - 1, PATIENCE)
    person.fill(dialog, {"checker": "训练丙"})
    person.save(dialog)
    assert {person.bag_state(bag) for bag in bags[:-1]} == {"available"} and person.bag_state(missing) == ""

    # The rest comes later, with the same note.
    person.go_to(NOTE)
    dialog = person.follow(NOTE)
    wait_until(lambda: f"已收 {len(bags) - 1}，缺 1" in person.ticked(dialog), PATIENCE)
    person.scan(dialog, *person.label(missing))
    assert "缺 0" in person.ticked(dialog)
    person.fill(dialog, {"checker": "训练丙"})
    person.save(dialog)
    person.sent()
    assert problems(person.store) == []


def test_recalled_bags_are_set_aside_at_once(person: Person) -> None:
    """A recall quarantines what is in stock as soon as it arrives, shows the notice, and cannot be changed by anybody."""
    now = this_minute()
    bags = [samples.bag_values(index, now=now) for index in range(2)]
    person.put(IN, samples.delivery_of(bags, 1, now=now))
    person.sent()
    person.act("recall", bag=[bags[0]["donation_number"]], reason="献血者报告发热")
    person.arrives(RECALL)
    assert person.bag_state(bags[0]) == "quarantined" and person.bag_state(bags[1]) == "available"
    _only_looked_at(person, RECALL)
    notice = person.newest(RECALL)
    assert [bag_key(bag) for bag in notice.values["bags"]] == [bag_key(bags[0])]
    person.find(RECALL, notice.values["recall_no"][-4:])
    stock = person.go_to("stock")
    wait_until(lambda: stock.model is not None and stock.model.row(0) is not None, PATIENCE)
    states = {row.item.key: row.texts for row in (stock.model.row(0), stock.model.row(1)) if row is not None}
    assert any("隔离" in text for text in states[bag_key(bags[0])])
    assert problems(person.store) == []
