"""Modules that are typed: registered with keys only, found, looked at, changed, sent, answered, deleted or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.verify import problems
from tests import samples
from tests.journeys.conftest import PATIENCE
from tests.journeys.modules.kit import KEY, Person, same, this_minute, to_type
from tests.waiting import wait_until


@dataclass(frozen=True)
class Case:
    """One module: its tables, what is changed, the act of the other side, its words in the list and in the dialog.

    `closes` is what a later change is refused with, "" where the record stays the hospital's.
    """

    kind: str
    tables: tuple[str, ...]
    change: dict[str, Any]
    act: str
    shows: str
    tells: tuple[str, ...]
    closes: str = ""


CASES = (
    Case(
        "blood_order", ("order_lines",), {"phone": "021-11111111"}, "order-partly", "部分满足",
        ("预计送达", "逐行答复 1", "训练血站"), "血站已经受理",
    ),
    Case(
        "entitlement_review", ("components", "evidence"), {"phone": "13111111111"}, "review-pass", "审核通过",
        ("审核结果", "审核时间"), "审核已经通过",
    ),
    Case(
        "immunohaematology_request", ("specimens",), {"phone": "021-22222222"}, "laboratory-receive", "中心已接收",
        ("标本接收时间",), "中心已收到标本",
    ),
    Case("autologous_transfusion", ("collections",), {"remark": "已核对"}, "", "", ("平台回执号",)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_module_from_the_first_key_to_the_answer(person: Person, case: Case) -> None:
    """Keys alone register a record; it is found, sent, changed, answered, and then closed or deleted as declared."""
    kind = case.kind
    values = samples.values(kind, 4, now=this_minute())
    other = person.put(kind, samples.values(kind, 25, now=this_minute()))
    person.go_to(kind)
    dialog = person.begin()
    person.fill(dialog, to_type(dialog.declared, values))
    for key in case.tables:
        person.add_lines(dialog, key, values[key])
    person.save(dialog)
    record = next(one for one in person.records(kind) if one.record_id != other)
    same(kind, record.values, values)
    for key in case.tables:
        typed = [to_type(dialog.blocks[key].of, line) for line in values[key]]
        assert [{k: kept[k] for k in line} for kept, line in zip(record.values[key], typed, strict=True)] == typed
    answered_and_ended(person, case, record.record_id, other)


def answered_and_ended(person: Person, case: Case, record_id: str, other: str = "") -> None:
    """What every typed module goes through when it is registered; `other` is a record that nobody answers."""
    kind, desk, page = case.kind, person.station.desk, person.station.page(case.kind)

    def number(one: str) -> str:
        values = desk.view(kind, one).values
        return str(values[record_type(kind).title[0]])[-6:]

    # Find and look.
    person.find(kind, number(record_id))
    person.acknowledged(kind, record_id)
    assert "平台回执号" in person.facts(kind)

    # Change.
    ((key, value),) = case.change.items()
    dialog = person.amend()
    person.fill(dialog, case.change)
    person.save(dialog)
    assert desk.view(kind, record_id).values[key] == value
    person.sent()

    # What the other side says.
    if case.act:
        person.act(case.act, id=record_id)
        person.heard(kind, case.shows)
    told = person.facts(kind)
    assert all(words in told for words in case.tells), told

    # Delete it, or be told why not; what nobody has answered can be deleted in any case.
    person.delete(kind, "重复登记")
    if case.closes:
        wait_until(lambda: case.closes in person.window.messages.text, PATIENCE)
        dialog = person.amend()
        person.fill(dialog, {key: "021-99999999"})
        assert any(case.closes in why for why in person.refused(dialog))
        person.leave(dialog)
        assert desk.view(kind, record_id).values[key] == value
        page.view.setFocus()
        person.press(KEY.Key_Escape)
        wait_until(lambda: page.count.text() == "共 2 条", PATIENCE)
        record_id = other
        person.find(kind, number(record_id))
        person.delete(kind, "重复登记")
    wait_until(lambda: page.count.text() == "符合条件 0 条", PATIENCE)
    assert desk.view(kind, record_id).deleted_at is not None
    person.sent()
    assert person.changes(record_id)[-1]["deleted"]
    assert problems(person.store) == []
