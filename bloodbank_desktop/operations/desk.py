"""The desk: register, amend, delete, activate – the same for dialog, scanner, command line and import.

Each act asks the verbs of the declaration, validates, asks the rules, and then writes record, ledger, outbox and audit
in one transaction. When it returns, the act is on the disk; when it raises, nothing at all was changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from bloodbank_desktop.clock import Clock, china_day
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import duties, effects, judging
from bloodbank_desktop.operations.drafts import Drafts
from bloodbank_desktop.operations.persons import Persons
from bloodbank_desktop.operations.queue import Queue
from bloodbank_desktop.operations.reading import Reading, wrong
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.operations.signing import sign
from bloodbank_desktop.records.declare import RecordType, Values, Verb
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.kinds.files import Entry
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.records.validate import fixed_changes, problems, retired, tidy
from bloodbank_desktop.records.wire import body, canonical, digest, fingerprint
from bloodbank_desktop.rules.overriding import EMPTY, Passage
from bloodbank_desktop.rules.persons import Person
from bloodbank_desktop.storage import (
    draft_rows,
    history,
    outbox,
    platform_rows,
    rows,
    serials,
)
from bloodbank_desktop.storage.ledger import Cause
from bloodbank_desktop.storage.store import Store, Transaction


class Desk(Reading):
    """All acts on one store, done in the name of `person`; drafts, upload queue and persons have rooms of their own."""

    def __init__(self, store: Store, clock: Clock, person: Person | None = None) -> None:
        super().__init__(store, clock, person)
        self.persons = Persons(store, clock)
        self.drafts = Drafts(self, self._picked)
        self.queue = Queue(self)

    # -- acts -----------------------------------------------------------------------------------------------------

    def register(
        self,
        kind: str,
        values: Values,
        *,
        draft: str | None = None,
        passage: Passage = EMPTY,
    ) -> Saved:
        """Save a new record; a draft that it came from ends in the same transaction and gives the record its id.

        `passage` is what the person brings along: overrides, the second person's signature, warnings that were read.
        Raises Refused with every problem (Stopped when rules stop it), KnownProblem for what the environment refuses.
        """
        declared = self.allowed(kind, Verb.REGISTER)
        whole = tidy(declared, values)
        now = self.clock.now()
        unsigned = list(sign(declared, whole, self.person, passage.second, now))
        found = wrong(declared, whole) or unsigned
        if found:
            raise Refused(found)
        record_id = draft or new_id()
        with self._judged(kind, record_id, whole), self.store.write() as tx:
            if self.tables.follow(tx) and (found := wrong(declared, whole)):
                # An administrator changed a code table since the look.
                raise Refused(found)
            if draft is not None and rows.find(tx, kind, record_id) is not None:
                raise KnownProblem("这份草稿已经登记过，请在列表中查看", code="registered-already")
            self._keep_files(tx, declared, whole, now)
            settled = judging.judge(tx, self, declared, whole, now, passage=passage)
            for f in declared.plain:
                if f.serial is not None and whole[f.key] is None:
                    whole[f.key] = serials.allot(tx, f.serial, china_day(now))
            before = effects.brought_by(tx, kind, whole)
            rows.add(tx, kind, record_id, whole, at=now, actor=self.operator)
            name = declared.name_of(whole)
            if effect := effects.EFFECTS.get(kind):
                effect.apply(tx, whole, Cause(kind, record_id, name, self.operator, now))
            duties.keep(tx, self, kind, record_id, name, whole, now, new=True)
            needs = [key for one in before for key in outbox.open_keys(tx, one)]
            content = canonical(body(declared, whole))
            dseq = self._send(tx, declared, record_id, name, "register", content, now, needs)
            if draft is not None:
                draft_rows.drop(tx, draft)
            self.note(tx, "register", kind, record_id, {"dseq": dseq, "sha256": digest(content)})
            judging.note(tx, self, kind, record_id, whole, settled)
        self._picked.forget(declared, whole)
        return Saved(kind, record_id, name, 1, dseq, now, settled.told)

    def amend(
        self,
        kind: str,
        record_id: str,
        values: Values,
        *,
        revision: int | None = None,
        reason: str = "",
        draft: str | None = None,
        passage: Passage = EMPTY,
    ) -> Saved:
        """Put new values in place of a record's; the old ones stay readable.

        `revision` is the one the person saw; raises KnownProblem if the record changed since, Refused with problems.
        """
        declared = self.allowed(kind, Verb.AMEND)
        whole = tidy(declared, values)
        now = self.clock.now()
        with self._judged(kind, record_id, whole), self.store.write() as tx:
            self.tables.follow(tx)
            row = self._row(tx, declared, record_id)
            if revision is not None and revision != row.revision:
                raise KnownProblem(
                    "这条记录刚被改动过，请关闭后重新打开再修改；您填的内容还在草稿中", code="changed-meanwhile"
                )
            for f in declared.plain:
                if f.serial is not None and whole[f.key] is None:
                    whole[f.key] = row.values[f.key]
            found = problems(declared, whole) or [
                *fixed_changes(declared, row.values, whole),
                *retired(declared, whole, row.values),
            ]
            if found:
                raise Refused(found)
            effect = effects.EFFECTS.get(kind)
            settled = judging.judge(tx, self, declared, whole, now, passage=passage, before=row.values)
            self._keep_files(tx, declared, whole, now, row.values)
            history.keep(tx, kind, row, at=now, actor=self.operator, reason=reason)
            number = rows.change(tx, kind, row, whole, at=now, actor=self.operator)
            name = declared.name_of(whole)
            if effect is not None:
                effect.amended(tx, row.values, whole, Cause(kind, record_id, name, self.operator, now))
            duties.keep(tx, self, kind, record_id, name, whole, now)
            op = "amend" if self._travels(tx, record_id) else "register"
            outbox.close(tx, record_id, "superseded", at=now)
            content = canonical(body(declared, whole))
            dseq = self._send(tx, declared, record_id, name, op, content, now)
            if draft is not None:
                draft_rows.drop(tx, draft)
            detail = {"dseq": dseq, "revision": number, "sha256": digest(content)}
            self.note(tx, "amend", kind, record_id, detail)
            judging.note(tx, self, kind, record_id, whole, settled)
        self._picked.forget(declared, whole)
        return Saved(kind, record_id, name, number, dseq, now, settled.told)

    def delete(self, kind: str, record_id: str, *, reason: str = "") -> Saved:
        """Take a record out of lists and search; it stays in the file. Raises KnownProblem."""
        declared = self.allowed(kind, Verb.DELETE)
        now = self.clock.now()
        with self.store.write() as tx:
            row = self._row(tx, declared, record_id)
            history.keep(tx, kind, row, at=now, actor=self.operator, reason=reason)
            number = rows.remove(tx, kind, row, at=now, actor=self.operator)
            name = declared.name_of(row.values)
            travels = self._travels(tx, record_id)
            # What the platform never took needs no deletion there; the refused operation is closed, not removed.
            outbox.close(tx, record_id, "superseded" if travels else "withdrawn", at=now)
            content = canonical({"reason": reason})
            dseq = self._send(tx, declared, record_id, name, "delete", content, now) if travels else None
            self.note(tx, "delete", kind, record_id, {"dseq": dseq})
        return Saved(kind, record_id, name, number, dseq, now)

    def activate(self, kind: str, record_id: str, values: Values) -> Saved:
        """Fill the fields of the one-way activation; the platform decides if two places do it at once.

        `values` states the fields of `RecordType.activation`; what it leaves out of "now" and operator is filled.
        Raises KnownProblem when it is activated already or no longer can be, Refused with problems.
        """
        declared = self.allowed(kind, Verb.ACTIVATE)
        now = self.clock.now()
        try:
            with self._judged(kind, record_id, {}):
                return self._activate(declared, record_id, values, now)
        except judging.Stopped as stopped:
            # One plan, one reason: whoever activates is told that one, under its own name.
            first = stopped.settled.stopping[0]
            raise KnownProblem(first.message, code=first.code) from stopped

    def _activate(self, declared: RecordType, record_id: str, values: Values, now: datetime) -> Saved:
        kind = declared.key
        with self.store.write() as tx:
            row = self._row(tx, declared, record_id, judged=True)
            given = {f.key: self._given(f.kind.name, now) for f in declared.plain if f.key in declared.activation}
            given |= {key: value for key, value in values.items() if value is not None}
            found = [
                Problem(key, "not-applicable", "激活时不能填写此项") for key in given if key not in declared.activation
            ]
            whole = {**row.values, **given}
            found += problems(declared, whole)
            if found:
                raise Refused(found)
            settled = judging.judge(tx, self, declared, whole, now, before=row.values)
            history.keep(tx, kind, row, at=now, actor=self.operator, reason="激活")
            number = rows.change(tx, kind, row, whole, at=now, actor=self.operator)
            name = declared.name_of(whole)
            content = canonical(body(declared, {key: whole[key] for key in declared.activation}))
            dseq = self._send(tx, declared, record_id, name, "activate", content, now)
            self.note(tx, "activate", kind, record_id, {"dseq": dseq, "sha256": fingerprint(declared, whole)})
            judging.note(tx, self, kind, record_id, whole, settled)
        return Saved(kind, record_id, name, number, dseq, now, settled.told)

    def _given(self, kind: str, now: datetime) -> Any:
        return {"moment": now.replace(second=0, microsecond=0), "person": self.operator or None}.get(kind)

    # -- files ----------------------------------------------------------------------------------------------------

    def add_file(self, source: Path | bytes, name: str = "") -> Entry:
        """Take a file that somebody picked and return how a record names it.

        Its content is kept in the transaction that keeps the first record or draft line which names it. Raises
        KnownProblem for a file that is empty, too large, unreadable, being written, or no JPEG, PNG or PDF.
        """
        return self._picked.add(source, name)

    # -- within ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _judged(self, kind: str, record_id: str, whole: Values) -> Iterator[None]:
        """Let a refusal by rules leave its trace once the transaction that it stopped is undone."""
        try:
            yield
        except judging.Stopped as stopped:
            judging.note_refusal(self, kind, record_id, whole, stopped)
            raise

    def _keep_files(
        self, tx: Transaction, declared: RecordType, whole: Values, now: datetime, known: Values | None = None
    ) -> None:
        found = self._picked.keep(tx, declared, whole, self.note, at=now, known=known)
        if found:
            raise Refused(found)

    def _send(
        self,
        tx: Transaction,
        declared: RecordType,
        record_id: str,
        name: str,
        op: str,
        payload: bytes,
        now: datetime,
        needs: Sequence[str] = (),
    ) -> int | None:
        """Put an operation into the outbox; None where the module does not travel."""
        if not declared.travels:
            return None
        # Behind an operation of ours that is still open the platform's version is not known yet: it follows that one.
        ahead = op == "register" or any(o.state not in outbox.CLOSED for o in outbox.of_record(tx, record_id))
        copy = None if ahead else platform_rows.find(tx, record_id)
        return outbox.put(
            tx,
            record_id=record_id,
            kind=declared.key,
            name=name,
            op=op,
            base_version=copy.version if copy else None,
            payload=payload,
            actor=self.operator,
            at=now,
            needs=needs,
        )

    def _travels(self, tx: Transaction, record_id: str) -> bool:
        """Whether the platform has this record or will have it before the next operation arrives."""
        if platform_rows.find(tx, record_id) is not None:
            return True
        never = (*outbox.ATTENTION, "superseded", "withdrawn")
        return any(operation.state not in never for operation in outbox.of_record(tx, record_id))
