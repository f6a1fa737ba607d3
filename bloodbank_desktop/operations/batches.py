"""Many records at once: examined one by one, saved together in one transaction, and undone together.

All are saved or none: a crash in the middle leaves the file as it was. Each record has its row in the outbox and in the
audit as if a person had typed it; what binds them is the batch, a range of device numbers that nothing else can be in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bloodbank_desktop.clock import from_utc_text, utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import duties, effects, judging
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.request_facts import RequestFacts
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Field, RecordType, Values, Verb
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.records.validate import problems, retired, tidy
from bloodbank_desktop.records.wire import body, canonical, digest, from_body
from bloodbank_desktop.rules.catalogue import Finding, Moment, Rule, rules_at
from bloodbank_desktop.rules.facts import Facts, PatientFacts
from bloodbank_desktop.rules.overriding import Settled, settle
from bloodbank_desktop.storage import audit, bulk, facts, lists, outbox, platform_rows, site_rows
from bloodbank_desktop.storage.bulk import Act
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.rows import Row
from bloodbank_desktop.storage.store import Transaction

_AT_ONCE = 1000
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that was examined; only `examine` makes one."""

    kind: str
    values: Values
    problems: tuple[Problem, ...]
    told: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Records that were saved together; `source` says where they came from, `undone_at` when they were taken back."""

    batch_id: str
    kind: str
    count: int
    at: datetime
    source: str
    undone_at: datetime | None = None


@dataclass(frozen=True)
class Undone:
    """What became of a batch: how many records were deleted, and the names of those left because they had changed."""

    deleted: int
    left: tuple[str, ...]


def importable(desk: Desk, kind: str) -> RecordType:
    """Return the module if its records may come in many at once. Raises KnownProblem."""
    declared = desk.allowed(kind, Verb.IMPORT)
    desk.allowed(kind, Verb.REGISTER)
    if effects.moves_bags(kind):
        # Bags would have to be moved in the order of the rows; nobody has asked for that, and it must not half happen.
        raise TypeError(f"{kind} moves bags and cannot be declared with Verb.IMPORT")
    return declared


class Examination:
    """A look at many records by the rules of `Desk.register`, each as if those before it had been registered.

    `look` reads what the data file knows of the records that are examined next; `took` says that one would be saved.
    `mark` is how far the data file had come at the first look. Writes nothing.
    """

    def __init__(self, desk: Desk, kind: str) -> None:
        self._desk = desk
        self._declared = record_type(kind)
        self._facts: RequestFacts | None = None
        self._site: Mapping[str, Any] = {}
        self._rules: dict[tuple[Moment, ...], list[Rule]] = {}
        self.mark: int | None = None

    def look(self, records: Iterable[Values]) -> None:
        """Read what is known of the patients of these records, all at once."""
        with self._desk.store.read() as tx:
            self.look_in(tx, records)

    def look_in(self, tx: Transaction, records: Iterable[Values]) -> None:
        """The same in a transaction that is open."""
        if self.mark is None:
            self.mark = audit.last(tx)[0]
            self._site = site_rows.switches(tx)
        if self._declared.key in _KNOWING:
            self._facts = self._facts or RequestFacts(tx)
            self._facts.look(tx, records)

    def examine(self, values: Values) -> Candidate:
        """Return the record with everything that would refuse it now, and what it would be told."""
        declared, now = self._declared, self._desk.clock.now()
        whole = tidy(declared, values)
        wrong = problems(declared, whole) or list(retired(declared, whole))
        effect = effects.EFFECTS.get(declared.key)
        if wrong or effect is None:
            return Candidate(declared.key, whole, tuple(wrong))
        moments = effect.moments(whole)
        if moments not in self._rules:
            self._rules[moments] = rules_at(moments)
        patient = self._facts.patient(whole) if self._facts is not None else PatientFacts()
        person = self._desk.person
        facts_ = Facts(now, "", person, site=self._site, patient=patient, acting=self._desk.operator)
        found = [finding for rule in self._rules[moments] for finding in rule.findings(whole, facts_)]
        settled = settle(found, (), person, now)
        return Candidate(declared.key, whole, settled.stopping, settled.told)

    def took(self, candidate: Candidate) -> None:
        """Count a record for those after it."""
        if self._facts is not None:
            self._facts.took(candidate.values)


#: Modules whose rules ask for other records of the patient; rules of other importable modules see the record alone.
_KNOWING = ("transfusion_request",)


def existing(desk: Desk, kind: str, number: Field, values: Iterable[str]) -> set[str]:
    """Return those of the numbers that a live record of the module bears already."""
    desk.allowed(kind, Verb.IMPORT)
    with desk.store.read() as tx:
        return bulk.taken(tx, kind, number.key, values)


def register_all(
    desk: Desk, kind: str, candidates: Sequence[Candidate], *, number: Field, source: str, mark: int | None = None
) -> Batch:
    """Save all of them in one transaction; `number` is the field that no two records share and every one states.

    `mark` is that of the look; if anything was written since, the rules are asked once more, in the transaction.
    Raises Refused if one has problems or its number is taken, KnownProblem for what the environment refuses; then
    nothing was saved.
    """
    declared = importable(desk, kind)
    if not candidates:
        raise KnownProblem("没有可以导入的记录", code="nothing-to-import")
    wrong = [problem for one in candidates for problem in one.problems]
    if wrong:
        raise Refused(wrong[:_NAMED])
    now = desk.clock.now()
    batch_id = new_id()
    with desk.store.write() as tx:
        if desk.tables.follow(tx):
            raise KnownProblem(
                "管理员刚刚改动过代码表，没有导入任何记录；请重新检查文件后再导入", code="tables-changed"
            )
        # Once more inside: between the look and the save another window may have registered one of them.
        _refuse_taken(tx, kind, number, candidates)
        if mark is None or mark != audit.last(tx)[0]:
            candidates = _again(tx, desk, kind, candidates)
        first = last = 0
        for start in range(0, len(candidates), _AT_ONCE):
            chosen = candidates[start : start + _AT_ONCE]
            part = [(new_id(), one.values) for one in chosen]
            bulk.add(tx, kind, part, at=now, actor=desk.operator)
            acts = [
                Act(record_id, declared.name_of(values), canonical(body(declared, values)))
                for record_id, values in part
            ]
            numbers = [n for n in bulk.send(tx, kind, "register", acts, at=now, actor=desk.operator) if n is not None]
            first, last = first or numbers[0], numbers[-1]
            notes = [
                ("register", f"{kind}/{act.record_id}", {"dseq": dseq, "batch": batch_id, "sha256": _digest(act)})
                for act, dseq in zip(acts, numbers, strict=True)
            ]
            bulk.note(tx, desk.store.audit_key, notes, at=now, actor=desk.actor)
            for act, one in zip(acts, chosen, strict=True):
                _leave_behind(tx, desk, act, one, now)
        noted = {"rows": len(candidates), "first": first, "last": last}
        desk.note(tx, "import", kind, batch_id, noted | {"source": source})
        kept = noted | {"kind": kind, "at": utc_text(now), "source": source}
        facts.put(tx, _fact(batch_id), json.dumps(kept, ensure_ascii=False))
    return Batch(batch_id, kind, len(candidates), now, source)


def _digest(act: Act) -> str:
    assert act.payload is not None
    return digest(act.payload)


def _again(tx: Transaction, desk: Desk, kind: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates as the rules see them now. Raises Refused if one no longer may be saved."""
    look = Examination(desk, kind)
    found: list[Candidate] = []
    for start in range(0, len(candidates), _AT_ONCE):
        part = candidates[start : start + _AT_ONCE]
        look.look_in(tx, [one.values for one in part])
        for one in part:
            candidate = look.examine(one.values)
            if candidate.problems:
                raise Refused(candidate.problems[:_NAMED])
            look.took(candidate)
            found.append(candidate)
    return found


def _leave_behind(tx: Transaction, desk: Desk, act: Act, one: Candidate, now: datetime) -> None:
    """What `Desk.register` writes beside the record: what a person was told, and what is left to be done."""
    if one.told:
        judging.note(tx, desk, one.kind, act.record_id, one.values, Settled((), (), one.told))
    if effects.EFFECTS[one.kind].duties(one.values):
        duties.keep(tx, desk, one.kind, act.record_id, act.name, one.values, now)


def _refuse_taken(tx: Transaction, kind: str, number: Field, candidates: Sequence[Candidate]) -> None:
    wanted = [str(one.values[number.key]) for one in candidates]
    twice = {text for text, count in Counter(wanted).items() if count > 1}
    for text in sorted(twice | bulk.taken(tx, kind, number.key, wanted))[:1]:
        why = f"{number.label} {text} 已经登记过，没有导入任何记录；请重新检查文件后再导入"
        raise Refused([Problem(number.key, "exists", why)])


def _fact(batch_id: str) -> str:
    return f"batch.{batch_id}"


def _noted(tx: Transaction, batch_id: str) -> dict[str, Any]:
    text = facts.get(tx, _fact(batch_id))
    if text is None:
        raise KnownProblem("没有这次导入的记载，可能编号有误", code="no-such-batch")
    noted: dict[str, Any] = json.loads(text)
    return noted


def batch(desk: Desk, batch_id: str) -> Batch:
    """Return what is known of a batch. Raises KnownProblem."""
    with desk.store.read() as tx:
        noted = _noted(tx, batch_id)
    desk.need(f"list:{noted['kind']}")
    undone = noted.get("undone")
    at = from_utc_text(noted["at"])
    return Batch(batch_id, noted["kind"], noted["rows"], at, noted["source"], from_utc_text(undone) if undone else None)


def undo(desk: Desk, batch_id: str, *, leave_changed: bool = False) -> Undone:
    """Delete the records of a batch in one transaction; those deleted before are left alone.

    A record that somebody has changed since, or that the platform has locked, is never deleted: the undoing is refused
    with the names of all such (Refused) and nothing happens, or with `leave_changed` they stay and the others go.
    """
    now = desk.clock.now()
    kind = batch(desk, batch_id).kind
    declared = desk.allowed(kind, Verb.DELETE)
    with desk.store.write() as tx:
        noted = _noted(tx, batch_id)
        if noted.get("undone"):
            raise KnownProblem("这次导入已经撤销过", code="undone-already")
        gone: list[tuple[Row, str]] = []
        left: list[tuple[str, str]] = []
        for row, state in bulk.of_operations(tx, kind, noted["first"], noted["last"]):
            why = _why_kept(tx, declared, row)
            if why is not None:
                left.append((declared.name_of(row.values), why))
            elif row.deleted_at is None:
                gone.append((row, state))
        if left and not leave_changed:
            raise Refused(_kept_problems(left))
        for start in range(0, len(gone), _AT_ONCE):
            _delete(desk, tx, declared, gone[start : start + _AT_ONCE], batch_id, now)
        desk.note(tx, "undo-import", kind, batch_id, {"deleted": len(gone), "left": len(left)})
        facts.put(tx, _fact(batch_id), json.dumps(noted | {"undone": utc_text(now)}, ensure_ascii=False))
    return Undone(len(gone), tuple(name for name, _ in left))


def _why_kept(tx: Transaction, declared: RecordType, row: Row) -> str | None:
    if row.deleted_at is not None:
        return None
    if row.revision > 1:
        return f"已由 {row.changed_by} 修改过"
    if declared.locked is not None and declared.answer is not None:
        copy = platform_rows.find(tx, row.record_id)
        said, _ = from_body(declared.answer, copy.answer if copy is not None else {})
        return declared.locked(said)
    return None


def _kept_problems(left: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    for name, why in left[:_NAMED]:
        yield Problem("", "changed-meanwhile", f"{name} {why}，没有撤销")
    if len(left) > _NAMED:
        yield Problem("", "changed-meanwhile", f"另有 {len(left) - _NAMED} 条也已改动")


def _delete(
    desk: Desk,
    tx: Transaction,
    declared: RecordType,
    gone: Sequence[tuple[Row, str]],
    batch_id: str,
    now: datetime,
) -> None:
    """The same as `Desk.delete` for each: history, mark, outbox, audit."""
    kind, reason = declared.key, "撤销导入"
    versions = bulk.platform_versions(tx, [row.record_id for row, _ in gone])
    acts: list[Act] = []
    closed: dict[str, str] = {}
    for row, state in gone:
        # What the platform never took needs no deletion there.
        travels = row.record_id in versions or state not in (*outbox.ATTENTION, "superseded", "withdrawn")
        if state in outbox.ATTENTION:
            closed[row.record_id] = "superseded" if travels else "withdrawn"
        base = versions.get(row.record_id) if state in outbox.CLOSED else None
        payload = canonical({"reason": reason}) if travels else None
        acts.append(Act(row.record_id, declared.name_of(row.values), payload, base))
    bulk.remove(tx, kind, [row for row, _ in gone], at=now, actor=desk.operator, reason=reason)
    bulk.close(tx, closed, at=now)
    numbers = bulk.send(tx, kind, "delete", acts, at=now, actor=desk.operator)
    notes = [
        ("delete", f"{kind}/{act.record_id}", {"dseq": dseq, "batch": batch_id})
        for act, dseq in zip(acts, numbers, strict=True)
    ]
    bulk.note(tx, desk.store.audit_key, notes, at=now, actor=desk.actor)


@contextmanager
def whole_list(desk: Desk, query: ListQuery) -> Iterator[tuple[int, Iterator[Values]]]:
    """Give how many records a list has, and their values in its order, all as they stood at one moment.

    That they left the program is noted in the audit first. Raises KnownProblem.
    """
    desk.allowed(query.kind, Verb.EXPORT)
    with desk.store.read() as tx:
        listing = lists.open_list(tx, query)
        seqs = lists.sequence(tx, listing)
        with desk.store.write() as noting:
            desk.note(noting, "export", query.kind, "", {"rows": len(seqs)})

        def values() -> Iterator[Values]:
            for start in range(0, len(seqs), _AT_ONCE):
                yield from bulk.read(tx, query.kind, list(seqs[start : start + _AT_ONCE]))

        yield len(seqs), values()
