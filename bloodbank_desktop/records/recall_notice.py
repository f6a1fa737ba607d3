"""血站召回通知 – the blood station wants bags back; those in stock are set aside at once, recipients are traced.

It comes from the platform only (血站质量管理规范: 血液收回).
"""

from __future__ import annotations

from datetime import datetime

from bloodbank_desktop.records.answer import PlainAnswer
from bloodbank_desktop.records.bag import BagIdentity, no_bag_twice
from bloodbank_desktop.records.declare import Verb, choice, line, lines, moment, note, record, text
from bloodbank_desktop.records.tables import table


@line()
class RecalledBag(BagIdentity):
    """One bag that is wanted back."""


@record(
    key="recall_notice",
    label="血站召回通知",
    verbs={Verb.VIEW},
    title=("recall_no",),
    newest_by="recalled_at",
    answer=PlainAnswer,
    checks=[no_bag_twice],
    sections=[("召回", "recall_no supplier recalled_at reason"), ("血袋", "bags")],
    help="库中的血袋已自动隔离；已发出的请按追溯结果通知临床。",
)
class RecallNotice:
    """A notice."""

    recall_no: str = text("召回编号", most=40, required=True, search=True, column=16, links=("recall",))
    supplier: str = choice("供血机构", table("supplier"), required=True, column=14)
    recalled_at: datetime = moment("召回时间", required=True, column=14)
    reason: str = note("召回原因", most=500, required=True)
    bags: tuple[RecalledBag, ...] = lines("血袋", of=RecalledBag, least=1, most=400)
