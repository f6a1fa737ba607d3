"""What the other side sees and says of records, inside one transaction: nothing changes between the look and the word.

Whatever is published here is validated by the declarations first. A workstation passes over what it cannot read, so a
wrong answer would not be noticed there; here it is a bug and raises.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bloodbank_desktop.clock import china_day, from_utc_text, utc_text
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.declare import LineType, RecordType, Values
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.training import ledger
from bloodbank_desktop.training.feed import change_document
from bloodbank_desktop.training.ledger import BAG, CHANGE, RECORD
from bloodbank_desktop.training.standing import Desk, answered, new_record

#: Who acts where nobody's workstation does: in keys, as the device of an act, as the writer of a record.
OWN = "platform"
Document = dict[str, Any]


class WrongWord(ValueError):
    """What was to be published breaks the declaration of its module."""


@dataclass(frozen=True)
class Standing:
    """One record as it stands: stored values of the hospital's body and of what was said of it.

    `theirs`: the hospital had the last word; `at` is when that last word was spoken.
    """

    id: str
    module: str
    version: int
    values: Values
    said: Values
    at: datetime
    theirs: bool

    @property
    def state(self) -> str | None:
        """The state that was said last."""
        return self.said.get("state")

    @property
    def declared(self) -> RecordType:
        """The declaration of its module."""
        return travelling()[self.module]

    @property
    def number(self) -> str:
        """The number that people call the record by."""
        return str(self.values.get(self.declared.title[0]) or self.id)


_NEWEST = sa.select(CHANGE).join(RECORD, RECORD.c.seq == CHANGE.c.seq).where(~RECORD.c.deleted)
_STATE = sa.func.json_extract(CHANGE.c.answer, "$.state")


class Stage:
    """Looks and words inside one writing transaction of the platform's file; `now` is its moment."""

    def __init__(self, connection: sa.Connection, now: datetime) -> None:
        self.now = now
        self._connection = connection
        day = f"{china_day(now):%Y%m%d}"
        seq, receipts = ledger.last_seq(connection), ledger.counter(connection, day)
        self._desk = Desk(connection, utc_text(now), day, seq, receipts, OWN, {}, {})

    # -- looks -----------------------------------------------------------------------------------------------------

    def find(self, record_id: str) -> Standing | None:
        """Return a live record, None when there is none."""
        return next(self._read(_NEWEST.where(RECORD.c.id == record_id)), None)

    def of_module(self, module: str, states: Collection[str | None] | None = None) -> Iterable[Standing]:
        """Yield the live records of a module, the newest first; only those in one of `states` when given."""
        wanted = _NEWEST.where(RECORD.c.module == module).order_by(CHANGE.c.seq.desc())
        if states is not None:
            named = _STATE.in_([state for state in states if state is not None])
            wanted = wanted.where(sa.or_(named, _STATE.is_(None)) if None in states else named)
        return self._read(wanted)

    def brought(self, donation: str) -> list[Standing]:
        """Return the records that brought bags of a donation into a hospital."""
        found = sa.select(BAG.c.record_id).where(BAG.c.bag >= f"{donation}/", BAG.c.bag < f"{donation}0").distinct()
        standing = (self.find(record_id) for record_id in self._connection.scalars(found).all())
        return [one for one in standing if one is not None]

    def _read(self, statement: sa.Select[Any]) -> Iterator[Standing]:
        for row in self._connection.execute(statement).mappings().all():
            declared = travelling().get(row["module"])
            if declared is None or declared.answer is None:
                continue
            values, _ = wire.from_body(declared, json.loads(row["body"]))
            said, _ = wire.from_body(declared.answer, json.loads(row["answer"]))
            theirs = not row["key"].startswith(f"{OWN}:")
            at = from_utc_text(row["at"])
            yield Standing(row["id"], row["module"], row["version"], tidy(declared, values), said, at, theirs)

    # -- words -----------------------------------------------------------------------------------------------------

    def number(self, prefix: str) -> str:
        """Return the next number of a kind: prefix, day in China as yymmdd, and six digits that start anew each day."""
        return f"{prefix}{self._desk.day[2:]}{self.count(f'{prefix}{self._desk.day}'):06d}"

    def count(self, name: str) -> int:
        """Return the next number of a counter of this file, 1 at first."""
        value = ledger.counter(self._connection, name) + 1
        ledger.put(self._connection, ledger.COUNTER, [{"name": name, "value": value}])
        return value

    def answer(self, record_id: str, more: Document) -> Document:
        """Say `more` (wire names; None takes a word back) of a record; return the change that the feed now shows.

        Raises KeyError for a record that the platform does not have, WrongWord for what no answer may say.
        """
        desk = self._desk
        if record_id not in desk.records:
            desk.records |= ledger.find(self._connection, RECORD, [record_id])
        record = desk.records[record_id]
        row = desk.change_of(record)
        word = answered(record, more)
        declared = travelling()[record["module"]].answer
        assert declared is not None
        _hold(declared, json.loads(word["answer"]), record["module"])
        return self._publish({**record, **word}, json.loads(row["body"]))

    def originate(self, module: str, body: Document, more: Document | None = None) -> Document:
        """Make a record of the platform's own, such as a plan or a dispatch note; return its change.

        Raises WrongWord for a body or an answer that breaks the declaration.
        """
        desk, declared = self._desk, travelling()[module]
        assert declared.answer is not None
        desk.receipts += 1
        said = {"receiptNo": f"PT{desk.day}-{desk.receipts:06d}", "receivedAt": desk.now} | (more or {})
        _hold(declared, body, module)
        _hold(declared.answer, said, module)
        ledger.put(self._connection, ledger.COUNTER, [{"name": desk.day, "value": desk.receipts}])
        fresh = {**new_record(module, desk.now, said), "id": str(uuid.uuid4()), "version": 1, "deleted": False}
        return self._publish({**fresh, "writer": OWN}, body)

    def _publish(self, record: dict[str, Any], body: Document) -> Document:
        desk = self._desk
        desk.seq += 1
        record = {**record, "seq": desk.seq}
        row = {name: record[name] for name in ("seq", "module", "id", "version", "deleted", "answer", "answer_no")}
        row |= {"body": json.dumps(body, ensure_ascii=False), "key": f"{OWN}:{desk.seq}", "at": desk.now}
        ledger.add(self._connection, CHANGE, [row])
        ledger.put(self._connection, RECORD, [record])
        desk.records[record["id"]], desk.changes[desk.seq] = record, row
        return change_document(row)


def _hold(declared: LineType, said: Document, module: str) -> None:
    values, unread = wire.from_body(declared, said)
    found = unread or problems(declared, tidy(declared, values))
    if found:
        raise WrongWord(f"{module}: " + "；".join(problem.message for problem in found))
