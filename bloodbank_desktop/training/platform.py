"""The business of the platform: every operation has one effect, one final outcome, and the outcome can be asked again.

Claim of the key, record, bags and feed are one transaction. The danger on both sides of a lost reply is the same
operation twice, or its sender told "conflict" by its own first attempt; so a key is claimed for ever, and a repetition
is answered from the claim.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bloodbank_desktop.clock import Clock, SystemClock, china_day, utc_text
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.kinds.files import TYPE_WORDS, recognise
from bloodbank_desktop.training import ledger
from bloodbank_desktop.training.envelope import Batch, Operation
from bloodbank_desktop.training.examine import Examined, examine
from bloodbank_desktop.training.feed import Reader, change_document
from bloodbank_desktop.training.ledger import BAG, CHANGE, COUNTER, OUTCOME, RECORD, Ledger
from bloodbank_desktop.training.problems import Refusal, error, problem
from bloodbank_desktop.training.stage import Stage
from bloodbank_desktop.training.standing import Desk, answered, bags_refuse, new_record, standing_refuses

PROTOCOL = 1
NAME = "训练平台"
OLDEST_CLIENT = "0.1.0"
APPLIED, CONFLICT, REJECTED = "applied", "conflict", "rejected"

_log = logging.getLogger(__name__)
Document = dict[str, Any]


class Platform:
    """The platform over one file. All methods may be called from any thread."""

    def __init__(self, file: Path, clock: Clock | None = None) -> None:
        self.ledger = Ledger(file)
        self.clock = clock or SystemClock()
        self.reader = Reader(self.ledger, self.clock)

    def close(self) -> None:
        """Close the file."""
        self.ledger.close()

    def hello(self) -> Document:
        """Return protocol range, epoch, time and name."""
        return {
            "protocol": {"min": PROTOCOL, "max": PROTOCOL},
            "epoch": self.epoch(),
            "server_time": utc_text(self.clock.now()),
            "min_client": OLDEST_CLIENT,
            "name": NAME,
        }

    def epoch(self) -> str:
        """Return the present epoch."""
        with self.ledger.read() as connection:
            return ledger.setting(connection, "epoch")

    def change_epoch(self) -> str:
        """Begin a new epoch, as after a failover with loss; return it."""
        fresh = str(uuid.uuid4())
        with self.ledger.write() as connection:
            ledger.set_setting(connection, "epoch", fresh)
        return fresh

    def outcome(self, key: str) -> Document:
        """Return the stored outcome of an operation. Raises Refusal "not-found" while there is none."""
        with self.ledger.read() as connection:
            known = ledger.find(connection, OUTCOME, [key]).get(key)
            if known is None:
                raise Refusal("not-found", "平台没有此操作的结果")
            return self._replay(_reading(connection, known), known, known["status"])

    def submit(self, batch: Batch, hold: Callable[[Operation], bool] = lambda _: False) -> Document:
        """Do a batch and return the reply; items for which `hold` is true are answered `retry` and not done.

        Raises Refusal "device-rewound", and then nothing of the batch was done.
        """
        keys = {key for op in batch.ops for key in (op.key, *op.needs)}
        with self.ledger.write() as connection:
            now = self.clock.now()
            day = f"{china_day(now):%Y%m%d}"
            desk = Desk(
                connection,
                utc_text(now),
                day,
                ledger.last_seq(connection),
                ledger.counter(connection, day),
                batch.device,
                ledger.find(connection, OUTCOME, keys),
                ledger.find(connection, RECORD, {op.id for op in batch.ops}),
            )
            _refuse_rewound(batch, desk)
            # A repetition is answered from what is stored: its body need not be read again.
            fresh = {op.key: _examined(op) for op in batch.ops if op.key not in desk.outcomes}
            claimed = {claim.bag for item in fresh.values() if item for claim in item.claims}
            desk.bags = ledger.find(connection, BAG, claimed)
            results = [_retry(op) if hold(op) else self._one(op, fresh.get(op.key), desk) for op in batch.ops]
            ledger.add(connection, OUTCOME, desk.new_outcomes)
            ledger.put(connection, BAG, [desk.bags[bag] for bag in sorted(desk.moved)])
            ledger.add(connection, CHANGE, list(desk.changes.values()))
            ledger.put(connection, RECORD, [desk.records[record_id] for record_id in sorted(desk.touched)])
            ledger.put(connection, COUNTER, [{"name": day, "value": desk.receipts}])
            acked = ledger.acknowledge(connection, batch.incarnation, batch.device, batch.device_hwm, desk.now)
            epoch = ledger.setting(connection, "epoch")
        return {
            "batch_id": batch.batch_id,
            "epoch": epoch,
            "server_time": desk.now,
            "acked_through": acked,
            "results": results,
        }

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        """Give what centre, office and laboratory see and say, in one transaction; nothing is said if it raises."""
        with self.ledger.write() as connection:
            yield Stage(connection, self.clock.now())

    def answer(self, record_id: str, more: Document) -> Document:
        """Say something of a record, as centre, office or laboratory; return the change that the feed now shows.

        `more` is merged into what was said before, in wire names of the module's answer; None takes a word back. Raises
        KeyError for a record that the platform does not have, WrongWord for what no answer of the module may say.
        """
        with self.stage() as stage:
            return stage.answer(record_id, more)

    def originate(self, module: str, body: Document, more: Document | None = None) -> Document:
        """Make a record of the platform's own, such as a plan or a dispatch note; return its change. Raises WrongWord."""
        with self.stage() as stage:
            return stage.originate(module, body, more)

    def put_file(self, sha256: str, media_type: str, content: bytes) -> Document:
        """Keep a file and return what is kept; the same file again changes nothing. Raises Refusal."""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Refusal("file-digest", "内容的 SHA-256 与路径中的不符，请重新发送")
        if recognise(content) != media_type:
            raise Refusal("file-type", f"内容与 Content-Type 不符；只接受 {TYPE_WORDS}")
        with self.ledger.write() as connection:
            ledger.add_file(connection, sha256, media_type, content, utc_text(self.clock.now()))
        return {"sha256": sha256, "size": len(content)}

    def file(self, sha256: str) -> tuple[str, bytes]:
        """Return type and content of a file. Raises Refusal when it is not here."""
        with self.ledger.read() as connection:
            found = ledger.file(connection, sha256)
        if found is None:
            raise Refusal("not-found", "平台没有此文件")
        return found

    def _one(self, op: Operation, item: Examined | None, desk: Desk) -> Document:
        known = desk.outcomes.get(op.key)
        if known is not None:
            if not _same(op, known):
                return _result(op.key, REJECTED, problem=problem("key-reused", "此操作编号曾用于另一内容"))
            return self._replay(desk, known, "duplicate" if known["status"] == APPLIED else known["status"])
        for need in op.needs:
            before = desk.outcomes.get(need)
            if before is None:
                return _waiting(op, "need-unknown", f"所依赖的操作 {need} 尚未到达平台")
            if before["status"] != APPLIED:
                return _waiting(op, "need-refused", f"所依赖的操作 {need} 未被接受，请先处理")
        if item is None:
            return _retry(op)
        if item.refused is not None:
            return self._settle(op, desk, REJECTED, None, item.refused)
        lacking = ledger.lacking(desk.connection, item.files)
        if lacking:
            return _waiting(op, "file-unknown", f"平台尚未收到所附的 {len(lacking)} 个文件")
        return self._register(item, desk) if op.op == "register" else self._revise(item, desk)

    def _register(self, item: Examined, desk: Desk) -> Document:
        op = item.operation
        if op.base_version is not None:
            detail = "登记操作不应带 base_version"
            return self._settle(op, desk, REJECTED, None, problem("invalid-body", detail))
        if op.id in desk.records:
            refused = problem("already-registered", "平台已有此记录，且不是由本操作登记的")
            return self._settle(op, desk, CONFLICT, desk.records[op.id]["version"], refused)
        refusal = bags_refuse(item, desk)
        if refusal is not None:
            return self._settle(op, desk, REJECTED, None, refusal)
        desk.receipts += 1
        answer = {"receiptNo": f"PT{desk.day}-{desk.receipts:06d}", "receivedAt": desk.now}
        for claim in item.claims:
            desk.move(claim, op.id)
        desk.records[op.id] = new_record(op.module, desk.now, answer)
        return self._apply(item, desk)

    def _revise(self, item: Examined, desk: Desk) -> Document:
        op = item.operation
        record = desk.records.get(op.id)
        if record is None:
            return _waiting(op, "record-unknown", "平台尚未收到此记录的登记")
        if record["module"] != op.module:
            return self._settle(op, desk, REJECTED, None, problem("invalid-body", "此记录属于另一模块"))
        if op.op == "activate" and (refused := standing_refuses(item, record, desk)) is not None:
            # Not a conflict of versions: there is nothing to compare, somebody was there first.
            return self._settle(op, desk, REJECTED, None, refused)
        # Without a base version the device builds on its own operation in front of this one, not yet acknowledged to
        # it: right as long as nobody else wrote in between.
        mine = record["writer"] == op.incarnation
        if not mine if op.base_version is None else op.base_version != record["version"]:
            detail = f"平台上此记录已是第 {record['version']} 版，请对照后重新处理"
            return self._settle(op, desk, CONFLICT, record["version"], problem("version-conflict", detail))
        if record["deleted"]:
            return self._settle(op, desk, CONFLICT, record["version"], problem("deleted", "平台上此记录已删除"))
        refused = standing_refuses(item, record, desk)
        if refused is not None:
            return self._settle(op, desk, REJECTED, None, refused)
        return self._apply(item, desk)

    def _apply(self, item: Examined, desk: Desk) -> Document:
        op = item.operation
        record = desk.records[op.id]
        desk.seq += 1
        deleted = op.op == "delete"
        version = record["version"] + 1
        body = item.body
        if op.op == "activate":
            body = json.dumps(desk.body(record) | op.body, ensure_ascii=False)
            record = {**record, **answered(record, {"state": "activated"})}
        desk.records[op.id] = {
            **record,
            "id": op.id,
            "version": version,
            "deleted": deleted,
            "writer": op.incarnation,
            "seq": desk.seq,
        }
        desk.touched.add(op.id)
        desk.changes[desk.seq] = {
            "seq": desk.seq,
            "module": op.module,
            "id": op.id,
            "version": version,
            "deleted": deleted,
            "body": "{}" if deleted else body,
            "answer": record["answer"],
            "answer_no": record["answer_no"],
            "key": op.key,
            "at": desk.now,
        }
        return self._settle(op, desk, APPLIED, version, None)

    def _settle(
        self, op: Operation, desk: Desk, status: str, version: int | None, refused: Document | None
    ) -> Document:
        """Store a final outcome and return it."""
        row = {
            "key": op.key,
            "incarnation": op.incarnation,
            "dseq": op.dseq,
            "device": desk.device,
            "module": op.module,
            "op": op.op,
            "record_id": op.id,
            "sha256": op.sha256,
            "actor": op.actor,
            "occurred_at": op.occurred_at,
            "clock_offset_ms": op.clock_offset_ms,
            "status": status,
            "version": version,
            "problem": json.dumps(refused) if refused else None,
            "at": desk.now,
        }
        desk.outcomes[op.key] = row
        desk.new_outcomes.append(row)
        return self._replay(desk, row, status)

    def _replay(self, desk: Desk, known: dict[str, Any], status: str) -> Document:
        """Return a stored outcome as an item of the reply; a conflict shows the record as it is now."""
        refused = json.loads(known["problem"]) if known["problem"] else None
        current = None
        if known["status"] == CONFLICT:
            current = change_document(desk.change_of(desk.records[known["record_id"]]))
        return _result(known["key"], status, known["version"], refused, current)


def _refuse_rewound(batch: Batch, desk: Desk) -> None:
    for index, op in enumerate(batch.ops):
        known = desk.outcomes.get(op.key)
        if known and op.incarnation == batch.incarnation and not _same(op, known):
            detail = f"本设备编号 {op.dseq} 曾用于另一内容，数据库可能被恢复或复制；请停止上传并联系管理员"
            raise Refusal("device-rewound", detail, [error(f"/ops/{index}/dseq", "reused", detail)])


def _examined(operation: Operation) -> Examined | None:
    """A bug of ours in examining one body must not take the other items with it: that item is asked to come again."""
    try:
        return examine(operation)
    except Exception:
        _log.exception("examining an operation failed")
        return None


def _reading(connection: sa.Connection, known: dict[str, Any]) -> Desk:
    records = ledger.find(connection, RECORD, [known["record_id"]])
    return Desk(connection, "", "", 0, 0, "", {}, records)


def _same(op: Operation, known: dict[str, Any]) -> bool:
    """Whether this is a repetition: the hash covers the body only, and two deletions may give the same reason."""
    stored = known["sha256"], known["record_id"], known["op"], known["module"]
    return stored == (op.sha256, op.id, op.op, op.module)


def _waiting(op: Operation, slug: str, detail: str) -> Document:
    return _result(op.key, "waiting", problem=problem(slug, detail))


def _retry(op: Operation) -> Document:
    return _result(op.key, "retry", problem=problem("try-again", "平台暂时无法处理此项，请稍后重试"))


def _result(
    key: str,
    status: str,
    version: int | None = None,
    problem: Document | None = None,
    current: Document | None = None,
) -> Document:
    etag = None if version is None else f'"{version}"'
    return {"key": key, "status": status, "version": version, "etag": etag, "problem": problem, "current": current}


def module_exists(key: str) -> bool:
    """Return whether a module of that key is declared."""
    return key in travelling()
