"""What stands on the platform inside one transaction, and what of it forbids an operation: bags, locks, fixed fields."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from bloodbank_desktop.records import wire
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.validate import fixed_changes, tidy
from bloodbank_desktop.training.examine import Claim, Examined, as_error
from bloodbank_desktop.training.ledger import CHANGE
from bloodbank_desktop.training.problems import error, problem

Document = dict[str, Any]
#: In place of the record that took a bag: its arrival was reversed, and it may come again.
REVERSED = "reversed"


@dataclass
class Desk:
    """What is known inside one transaction: rows read before, and rows to write at its end."""

    connection: sa.Connection
    now: str
    day: str
    seq: int
    receipts: int
    device: str
    outcomes: dict[str, dict[str, Any]]
    records: dict[str, dict[str, Any]]
    bags: dict[str, dict[str, Any]] = field(default_factory=dict)
    new_outcomes: list[dict[str, Any]] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def change_of(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the row of the feed that holds the newest state of a record."""
        row = self.changes.get(record["seq"])
        if row is None:
            found = self.connection.execute(sa.select(CHANGE).where(CHANGE.c.seq == record["seq"]))
            row = dict(found.mappings().one())
        return row

    def body(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return the newest body of a record."""
        body: dict[str, Any] = json.loads(self.change_of(record)["body"])
        return body

    def move(self, claim: Claim, record_id: str) -> None:
        """Note that a record brings a bag, takes it, or gives back what an earlier one brought."""
        row = self.bags.get(claim.bag, {"bag": claim.bag, "record_id": record_id, "gone_by": None})
        if claim.way == "in":
            row = {**row, "record_id": record_id, "gone_by": None}
        else:
            row = {**row, "gone_by": REVERSED if claim.way == "back" else record_id}
        self.bags[claim.bag] = row
        self.moved.add(claim.bag)


def new_record(module: str, now: str, answer: Document) -> dict[str, Any]:
    """Return the row of a record that is about to get its first version."""
    text = json.dumps(answer, ensure_ascii=False)
    return {"module": module, "bucket": now[:7], "answer": text, "answer_no": 0, "version": 0}


def answered(record: dict[str, Any], more: Document) -> dict[str, Any]:
    """Return answer and its number as they stand after the platform said more; None takes a word back."""
    answer = {name: word for name, word in (json.loads(record["answer"]) | more).items() if word is not None}
    return {"answer": json.dumps(answer, ensure_ascii=False), "answer_no": record["answer_no"] + 1}


def bags_refuse(item: Examined, desk: Desk) -> Document | None:
    """A bag comes once, leaves once, and leaves only after it came."""
    wrong: list[tuple[Claim, str, str]] = []
    for claim in item.claims:
        row = desk.bags.get(claim.bag)
        here = row is not None and row["gone_by"] is None
        reversed_ = row is not None and row["gone_by"] == REVERSED
        if claim.way == "in" and row is not None and not reversed_:
            wrong.append((claim, "bag-known", "已由另一记录登记，请核对袋签"))
        elif claim.way != "in" and not here:
            words = "平台没有它的入库记录，请先报送入库" if row is None else "已由另一记录登记离库，请核对"
            wrong.append((claim, "bag-gone", words))
    if not wrong:
        return None
    names = "、".join(claim.name for claim, _, _ in wrong[:3]) + (" 等" if len(wrong) > 3 else "")
    errors = [error(claim.pointer, code, f"血袋 {claim.name} {words}") for claim, code, words in wrong]
    return problem(wrong[0][1], f"血袋 {names} {wrong[0][2]}", errors)


def standing_refuses(item: Examined, record: dict[str, Any], desk: Desk) -> Document | None:
    """What the record has become on the platform forbids some operations: locks, fixed fields, a second activation."""
    op, declared = item.operation, travelling()[record["module"]]
    before, _ = wire.from_body(declared, desk.body(record))
    # Before the lock, which an activation closes as well: who came second must hear what happened.
    if op.op == "activate" and any(before.get(key) is not None for key in declared.activation):
        return problem("activated-already", "此计划已经激活过")
    if declared.locked is not None and declared.answer is not None:
        said, _ = wire.from_body(declared.answer, json.loads(record["answer"]))
        if (why := declared.locked(said)) is not None:
            return problem("locked", why)
    if op.op in ("delete", "activate"):
        return None
    after, _ = wire.from_body(declared, op.body)
    found = list(fixed_changes(declared, tidy(declared, before), tidy(declared, after)))
    if not found:
        return None
    return problem("invalid-body", found[0].message, [as_error(declared, one) for one in found])
