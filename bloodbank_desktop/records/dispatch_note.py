"""血站发血单 – what the blood station says it has sent; a delivery is received against it, bag by bag.

It comes from the platform only. What was really received is said by 血袋入库, never by changing the note.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from bloodbank_desktop.records.answer import PlainAnswer
from bloodbank_desktop.records.bag import BagIdentity, no_bag_twice
from bloodbank_desktop.records.declare import Verb, choice, line, lines, moment, note, number, person, record, text
from bloodbank_desktop.records.tables import table


@line()
class DispatchedBag(BagIdentity):
    """One bag that was sent."""

    amount: Decimal = number("数量", low="0.5", high="10000", places=1, required=True)
    expires_at: datetime = moment("失效时间", required=True)


@record(
    key="dispatch_note",
    label="血站发血单",
    verbs={Verb.VIEW},
    title=("note_no",),
    newest_by="dispatched_at",
    answer=PlainAnswer,
    checks=[no_bag_twice],
    sections=[("发血", "note_no supplier order_no dispatched_at carrier remark"), ("血袋", "bags")],
    help="选中一张发血单按 Ctrl+R 开始收货；扫到的血袋逐袋勾销。",
)
class DispatchNote:
    """A note."""

    note_no: str = text("发血单号", most=40, required=True, search=True, column=16, links=("note",))
    supplier: str = choice("供血机构", table("supplier"), required=True, column=14)
    order_no: str | None = text("预订单号", most=32, default=None, search=True, column=16, links=("order",))
    dispatched_at: datetime = moment("发出时间", required=True, column=14)
    carrier: str | None = person("送血人", default=None)
    remark: str | None = note("备注", most=500, default=None)
    bags: tuple[DispatchedBag, ...] = lines("血袋", of=DispatchedBag, least=1, most=400)
