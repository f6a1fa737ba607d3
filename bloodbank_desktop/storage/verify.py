"""Prove that the file still keeps its promises: pages, ledger, outbox numbers, audit chain, payloads and triggers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.records.catalogue import all_records, record_type
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.storage import audit, ledger, rows
from bloodbank_desktop.storage.schema import (
    ID,
    SEQ,
    count_column,
    lines_table_name,
    outbox,
    record_table,
    search_table,
    statements,
)
from bloodbank_desktop.storage.schema import audit as audit_table
from bloodbank_desktop.storage.store import Store


def problems(store: Store) -> list[Problem]:
    """Return everything that is wrong with the file; an empty list is the proof."""
    found: list[Problem] = []
    with store.read() as tx:
        try:
            for check in (_pages, _objects, _outbox, _records, _unchanged, _stock):
                found.extend(check(tx))
            found.extend(_audit(tx, store.audit_key))
        except DBAPIError:
            # What cannot be read in a file that is known to be damaged is its damage and no mistake of ours.
            if not found:
                raise
    return found


def _pages(tx: Connection) -> Iterator[Problem]:
    for pragma in ("cipher_integrity_check", "integrity_check", "foreign_key_check"):
        for row in islice(tx.exec_driver_sql(f"PRAGMA {pragma}"), 5):
            if row[0] != "ok":
                yield Problem("", "file-damaged", f"资料文件损坏（{pragma}: {row[0]}），请用备份恢复")


def _objects(tx: Connection) -> Iterator[Problem]:
    """A trigger that is gone is a promise that is gone."""
    present = {
        " ".join(sql.split()) for (sql,) in tx.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    }
    for statement in statements():
        if statement.startswith("CREATE TRIGGER") and " ".join(statement.split()) not in present:
            name = statement.split()[2]
            yield Problem("", "trigger-missing", f"资料文件缺少保护 {name}，可能被其他工具改动过，请联系信息科")


def _outbox(tx: Connection) -> Iterator[Problem]:
    count, first, last = tx.execute(select(func.count(), func.min(outbox.c.dseq), func.max(outbox.c.dseq))).one()
    if count and (first != 1 or last != count):
        yield Problem("", "outbox-gap", f"上传队列编号不连续（{count} 条，{first}–{last}），请联系信息科")
    for dseq, payload, digest in tx.execute(select(outbox.c.dseq, outbox.c.payload, outbox.c.sha256)):
        # Another tool may have left a text where bytes belong.
        content = payload if isinstance(payload, bytes) else str(payload).encode()
        if hashlib.sha256(content).hexdigest() != digest:
            yield Problem("", "payload-changed", f"上传队列第 {dseq} 条内容被改动，请联系信息科")


def _records(tx: Connection) -> Iterator[Problem]:
    for kind, declared in all_records().items():
        head = record_table(kind)
        for f, _ in declared.groups:
            name = lines_table_name(kind, f.key)
            torn = tx.execute(
                text(
                    f"SELECT {ID} FROM {kind} h WHERE {count_column(f.key)} <>"
                    f" (SELECT count(*) FROM {name} l WHERE l._head = h._seq) LIMIT 5"
                )
            )
            for (record_id,) in torn:
                yield Problem("", "half-record", f"{declared.label} {record_id} 的行数不对，请联系信息科")
        last = tx.execute(select(func.coalesce(func.max(head.c[SEQ]), 0))).scalar_one()
        if last != tx.execute(select(func.count()).select_from(head)).scalar_one():
            yield Problem("", "record-gap", f"{declared.label}的行号不连续，有记录被其他工具删除，请联系信息科")
        live = tx.execute(select(func.count()).select_from(head).where(head.c["_deleted_at"].is_(None))).scalar_one()
        indexed = tx.execute(text(f"SELECT count(*) FROM {search_table(kind)}")).scalar_one()
        if live != indexed:
            yield Problem(
                "", "search-differs", f"{declared.label}的搜索索引有 {indexed} 条，记录有 {live} 条，请联系信息科"
            )


def _unchanged(tx: Connection) -> Iterator[Problem]:
    """What was registered for good still says what was frozen for the platform when it was registered."""
    sealed = [kind for kind, declared in all_records().items() if declared.append_only]
    wanted = select(outbox.c.kind, outbox.c.record_id, outbox.c.payload)
    for kind, record_id, payload in tx.execute(wanted.where(outbox.c.op == "register", outbox.c.kind.in_(sealed))):
        declared, row = record_type(kind), rows.find(tx, kind, record_id)
        try:
            values, unread = from_body(declared, json.loads(payload))
        except ValueError:
            continue  # told by its digest
        # A payload of an older version of the program may bear names that are no longer known.
        if row is None or (not unread and tidy(declared, values) != row.values):
            yield Problem("", "record-changed", f"{declared.label} {record_id} 与登记时不同，请联系信息科")


def _stock(tx: Connection) -> Iterator[Problem]:
    for key in islice(ledger.differences(tx), 20):
        yield Problem("", "stock-differs", f"库存与流水不符：{bag_name(key)}，请停止发血并联系信息科")


def _audit(tx: Connection, key: bytes) -> Iterator[Problem]:
    # A chain that was cut off at its end is whole in itself; only the outbox knows how long it must be.
    noted = select(func.count()).select_from(audit_table).where(text("json_extract(detail, '$.dseq') IS NOT NULL"))
    acts, operations = tx.execute(noted).scalar_one(), tx.execute(select(func.count()).select_from(outbox)).scalar_one()
    if acts != operations:
        yield Problem("", "acts-differ", f"操作日志记有 {acts} 次登记，上传队列有 {operations} 条，请联系信息科")
    broken = audit.first_break(tx, key)
    if broken is not None:
        yield Problem("", "audit-broken", f"操作日志从第 {broken} 条起不完整，请联系信息科")
