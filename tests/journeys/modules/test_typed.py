"""Modules that are typed: registered with keys only, found, looked at, changed, sent, answered, deleted or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtWidgets import QLineEdit

from bloodbank_desktop.storage.verify import problems
from tests import samples
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
    options: dict[str, Any] = field(default_factory=dict)


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
    Case(
        "adverse_reaction", (), {"conclusion": "停止输血后缓解"}, "reaction-acknowledge", "已收悉", ("收悉时间",),
    ),
    Case("autologous_transfusion", ("collections",), {"remark": "已核对"}, "", "", ("平台回执号",)),
)  # fmt: skip


def _prepare(person: Person, kind: str, seed: int, values: dict[str, Any]) -> None:
    """What has to be there before: a reaction needs bags that were issued."""
    if kind == "adverse_reaction":
        now = this_minute()
        person.put("stock_in", samples.delivery_of(values["bags_of"], seed, now=now))


@pytest.mark.parametrize("case", [one for one in CASES if one.tables], ids=lambda case: case.kind)
def test_a_module_from_the_first_key_to_the_answer(person: Person, case: Case) -> None:
    """Keys alone register a record; it is found, sent, changed, answered, and then closed or deleted as declared."""
    kind, station = case.kind, person.station
    values = samples.values(kind, 4, now=this_minute())
    other = person.put(kind, samples.values(kind, 25, now=this_minute()))
    page = person.go_to(kind)

    # Register.
    dialog = person.begin()
    person.fill(dialog, to_type(dialog.declared, values))
    for key in case.tables:
        person.add_lines(dialog, key, values[key])
    person.save(dialog)
    record = next(one for one in _records(person, kind) if one.record_id != other)
    same(kind, record.values, values)
    for key in case.tables:
        assert len(record.values[key]) == len(values[key])

    # Find and look.
    number = record.values[dialog.declared.title[0]]
    person.find(kind, number[-6:])
    person.acknowledged(kind, record.record_id)
    assert "平台回执号" in person.facts(kind)

    # Change.
    dialog = person.amend()
    person.fill(dialog, case.change)
    person.save(dialog)
    (key, value), = case.change.items()
    assert station.desk.view(kind, record.record_id).values[key] == value
    person.sent()

    # What the other side says.
    if case.act:
        person.act(case.act, id=record.record_id, **case.options)
        person.heard(kind, case.shows)
    told = person.facts(kind)
    assert all(words in told for words in case.tells), told

    # Delete it, or be told why not; what nobody has answered can be deleted in any case.
    person.delete(kind, "重复登记")
    if case.closes:
        wait_until(lambda: case.closes in person.window.messages.text, 20)
        dialog = person.amend()
        person.fill(dialog, {key: "021-99999999"})
        assert any(case.closes in why for why in person.refused(dialog))
        person.leave(dialog)
        assert station.desk.view(kind, record.record_id).values[key] == value
        person.press(KEY.Key_Escape)
        wait_until(lambda: page.count.text() == "共 2 条", 20)
        number = station.desk.view(kind, other).values[dialog.declared.title[0]]
        person.find(kind, number[-6:])
        person.delete(kind, "重复登记")
        record = station.desk.view(kind, other)
    wait_until(lambda: page.count.text() == "符合条件 0 条", 20)
    assert station.desk.view(kind, record.record_id).deleted_at is not None
    person.sent()
    assert [one["deleted"] for one in person.changes(record.record_id)][-1] is True
    assert problems(station.program.profile.store) == []  # type: ignore[union-attr]
    assert isinstance(page.search, QLineEdit)


def _records(person: Person, kind: str) -> list[Any]:
    from bloodbank_desktop.storage.lists import ListQuery

    desk = person.station.desk
    return [desk.view(kind, row.record_id) for row in desk.page(desk.open_list(ListQuery(kind)), 0)]
