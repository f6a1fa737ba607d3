"""Prove that the file still keeps its promises: pages, ledger, outbox numbers, audit chain, payloads and triggers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from sqlalchemy import Connection, bindparam, exists, func, select, text
from sqlalchemy.exc import DBAPIError

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.records.files import named
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.records.wire import canonical, digest, fingerprint, from_body
from bloodbank_desktop.storage import audit, files, ledger, platform_rows, rows
from bloodbank_desktop.storage.names import ID, SEQ, count_column, lines_table_name, search_table
from bloodbank_desktop.storage.schema import statements
from bloodbank_desktop.storage.store import Store, as_known
from bloodbank_desktop.storage.tables import audit as audit_table
from bloodbank_desktop.storage.tables import ledger as movements
from bloodbank_desktop.storage.tables import outbox, record_table

#: What SQLite says of pages that it cannot read, while it looks at them or already before.
_DAMAGE = {"damaged", "not-ours", "disk-error"}


def problems(store: Store) -> list[Problem]:
    """Return everything that is wrong with the file; an empty list is the proof."""
    found: list[Problem] = []
    try:
        with store.read() as tx:
            for check in (
                _pages,
                _objects,
                _outbox,
                _records,
                _files,
                _unchanged,
                _stock,
                partial(_audit, key=store.audit_key),
            ):
                _carefully(partial(check, tx), found)
    except KnownProblem as problem:
        # Once a page was bad SQLite refuses even the end of the look.
        if problem.code not in _DAMAGE:
            raise
        found = found or [Problem("", "file-damaged", problem.message)]
    return list(dict.fromkeys(found))


def _carefully(check: Callable[[], Iterable[Problem]], found: list[Problem]) -> None:
    try:
        found.extend(check())
    except DBAPIError as problem:
        known = as_known(problem)
        if known is not None and known.code in _DAMAGE:
            found.append(Problem("", "file-damaged", known.message))
        elif not found:
            # What cannot be read in a file that is known to be damaged is its damage; here it is a mistake of ours.
            raise
    except (ValueError, TypeError, KeyError):
        # Another tool may have left what no column of ours holds, such as a word in place of a moment.
        found.append(Problem("", "value-damaged", "资料文件中有内容无法读取，可能被其他工具改动过，请联系信息科"))


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


_next = outbox.alias()
#: The first missing number of each gap.
_AFTER_GAPS = (
    select(outbox.c.dseq + 1)
    .where(~exists().where(_next.c.dseq == outbox.c.dseq + 1))
    .where(outbox.c.dseq < select(func.max(_next.c.dseq)).scalar_subquery())
    .order_by(outbox.c.dseq)
    .limit(5)
)


def _outbox(tx: Connection) -> Iterator[Problem]:
    count, first, last = tx.execute(select(func.count(), func.min(outbox.c.dseq), func.max(outbox.c.dseq))).one()
    if count and (first != 1 or last != count):
        missing = [*range(1, min(first, 6)), *tx.execute(_AFTER_GAPS).scalars()]
        numbers = "、".join(map(str, missing[:5]))
        yield Problem("", "outbox-gap", f"上传队列编号不连续，缺第 {numbers} 条（共 {count} 条），请联系信息科")
    for dseq, payload, sealed in tx.execute(select(outbox.c.dseq, outbox.c.payload, outbox.c.sha256)):
        # Another tool may have left a text where bytes belong.
        content = payload if isinstance(payload, bytes) else str(payload).encode()
        if digest(content) != sealed:
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


def _files(tx: Connection) -> Iterator[Problem]:
    """Every file that was ever kept here is here and is the one that was kept; the audit knows which they were."""
    added = select(audit_table.c.object).where(audit_table.c.action == files.ADDED)
    missing = {str(name).removeprefix("file/") for name in tx.execute(added).scalars()}
    damaged: set[str] = set()
    for sha256 in files.all_names(tx):
        if files.digest(files.content(tx, sha256) or b"") != sha256:
            damaged.add(sha256)
        missing.discard(sha256)
    if not (missing or damaged):
        return
    for sha256, name in {**dict.fromkeys(missing | damaged, "未登记"), **_names_of(tx)}.items():
        if sha256 in missing:
            yield Problem("", "file-missing", f"证明材料“{name}”（{sha256[:12]}）的内容不在了，请用备份恢复")
        elif sha256 in damaged:
            yield Problem("", "file-changed", f"证明材料“{name}”（{sha256[:12]}）的内容被改动，请用备份恢复")


def _names_of(tx: Connection) -> dict[str, str]:
    """Return record and name of every file that a record names, by SHA-256."""
    found: dict[str, str] = {}
    for kind, declared in all_records().items():
        head = record_table(kind)
        for record_id in tx.execute(select(head.c[ID])).scalars().all() if declared.names_files else ():
            row = rows.find(tx, kind, record_id)
            for one in named(declared, row.values) if row is not None else ():
                found[one.entry["sha256"]] = f"{declared.label} {record_id} {one.entry['name']}"
    return found


def _unchanged(tx: Connection) -> Iterator[Problem]:
    """Every record says what the audit says that it contained; so does what was frozen of it for the platform."""
    sealed: dict[str, str] = {name: sha256 for name, sha256 in tx.execute(_SEALED)}
    for kind, declared in all_records().items():
        head = record_table(kind)
        for record_id in tx.execute(select(head.c[ID]).order_by(head.c[SEQ])).scalars().all():
            problem = _told_otherwise(tx, declared, record_id, sealed.get(f"{kind}/{record_id}"))
            if problem is not None:
                yield problem
    for dseq in tx.execute(_FROZEN_OTHERWISE).scalars():
        yield Problem("", "payload-changed", f"上传队列第 {dseq} 条与操作日志不符，请联系信息科")


#: What each record last contained; whoever rewrites a record and everything beside it must rewrite the whole chain, too.
_SEALED = text(
    "SELECT object, json_extract(detail, '$.sha256') FROM audit WHERE detail LIKE '%\"sha256\"%' ORDER BY seq"
)
#: A registration or an amendment travels whole; an activation only with what it fills.
_FROZEN_OTHERWISE = text(
    "SELECT dseq FROM outbox JOIN audit ON dseq = json_extract(detail, '$.dseq') WHERE action IN ('register', 'amend')"
    " AND json_extract(detail, '$.sha256') IS NOT sha256 ORDER BY dseq LIMIT 20"
)
_PAYLOADS = select(outbox.c.payload).where(outbox.c.record_id == bindparam("record_id"), outbox.c.op != "delete")


def _told_otherwise(tx: Connection, declared: RecordType, record_id: str, sealed: str | None) -> Problem | None:
    if sealed is None:
        return Problem("", "record-from-nowhere", f"{declared.label} {record_id} 不是由本程序登记的，请联系信息科")
    try:
        row = rows.find(tx, declared.key, record_id)
        assert row is not None
        if fingerprint(declared, row.values) == sealed or _frozen(tx, declared, row, sealed):
            return None
    except (ValueError, TypeError):
        return Problem("", "record-changed", f"{declared.label} {record_id} 有内容无法读取，请联系信息科")
    return Problem("", "record-changed", f"{declared.label} {record_id} 与保存时不同，请联系信息科")


def _frozen(tx: Connection, declared: RecordType, row: rows.Row, sealed: str) -> bool:
    """Whether a frozen body of this digest says the same in the words of another version of the program.

    One that bears names which are not known here proves nothing against the record.
    """
    copy = platform_rows.find(tx, row.record_id)
    bodies = list(tx.execute(_PAYLOADS, {"record_id": row.record_id}).scalars())
    if copy is not None and copy.body is not None:
        bodies.append(canonical(copy.body))
    for content in bodies:
        if digest(content) == sealed:
            values, unread = from_body(declared, json.loads(content))
            return bool(unread) or tidy(declared, values) == row.values
    return False


def _stock(tx: Connection) -> Iterator[Problem]:
    # A movement that was taken out together with its row of the stock leaves both in agreement.
    count, last = tx.execute(select(func.count(), func.coalesce(func.max(movements.c.seq), 0))).one()
    if count != last:
        yield Problem("", "ledger-gap", f"库存流水编号不连续（{count} 条，最后第 {last} 条），请停止发血并联系信息科")
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
