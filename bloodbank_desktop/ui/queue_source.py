"""The rows of the upload queue for the list model, and one operation in words: what was sent, what the platform said.

The words of a frozen payload come from the declaration, as everywhere; a field of another version is shown raw, never
left out, for this is what really travels.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.clock import CHINA, Clock, china_text
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import LineType
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.ui import states
from bloodbank_desktop.ui.list_model import Column, Query, Reader, Row

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.outbox import OutboxRow

OPERATIONS = {"register": "登记", "amend": "修改", "delete": "删除", "activate": "激活"}
FINISHED = "finished"
#: States that a person may send again unchanged; the outbox takes no others.
#: States that a person may end in the platform's favour.
SETTLED = ("rejected", "conflict", "quarantined", "blocked")
RETRIED = ("rejected", "quarantined", "blocked")

COLUMNS = (
    Column("dseq", "编号", ("888888",), sortable=False, help="本机报送的顺序号，不会跳号"),
    Column("kind", "模块", ("自体输血记录",), sortable=False),
    Column("name", "名称", ("SQ20261123-0001 患者姓名",), sortable=False),
    Column("op", "操作", ("登记",), sortable=False),
    Column("state", "状态", ("◇ 等平台前置记录",), sortable=False),
    Column("age", "已等待", ("88 小时 58 分",), sortable=False, help="从保存到现在；已完成的显示用了多久"),
    Column("attempts", "尝试", ("888 次",), sortable=False, help="已经报送过多少次"),
    Column("next_at", "下次尝试", ("11-28 08:58:58",), sortable=False),
    Column("reason", "原因", ("平台说明的原因或网络的问题",), sortable=False),
)


def age_words(age: timedelta) -> str:
    """Return a span of time as a person says it, without false precision; a negative one is nothing."""
    minutes = max(int(age.total_seconds()) // 60, 0)
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    if minutes < 48 * 60:
        return f"{minutes // 60} 小时 {minutes % 60} 分"
    return f"{minutes // (24 * 60)} 天"


def kind_word(kind: str) -> str:
    """Return the label of a module; one that this version does not know is shown raw."""
    declared = all_records().get(kind)
    return declared.label if declared else f"«{kind}»"


class QueueSource:
    """Queue rows, those that need a person first; with the filter FINISHED also those that are done, newest first."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self.columns: tuple[Column, ...] = COLUMNS
        self._desk = desk
        self._clock = clock

    def open(self, query: Query) -> tuple[int, Reader]:
        open_only = FINISHED not in query.filters
        if open_only:
            total = self._desk.queue.summary().waiting
        else:
            # Numbers have no gap and no row is ever removed, so the newest number counts them.
            newest = self._desk.queue.rows(open_only=False, limit=1)
            total = newest[0].dseq if newest else 0
        now = self._clock.now()

        def read(offset: int, limit: int) -> Sequence[Row]:
            return [row_of(one, now) for one in self._desk.queue.rows(open_only=open_only, offset=offset, limit=limit)]

        return total, read


def row_of(one: OutboxRow, now: datetime) -> Row:
    """Return one operation as a row."""
    look = states.look(one.state)
    ends = one.settled_at or now
    next_at = f"{one.next_at.astimezone(CHINA):%m-%d %H:%M:%S}" if one.next_at and not one.settled_at else ""
    texts = (
        str(one.dseq),
        kind_word(one.kind),
        one.name,
        OPERATIONS.get(one.op, f"«{one.op}»"),
        look.text,
        age_words(ends - one.occurred_at),
        f"{one.attempts} 次" if one.attempts else "",
        next_at,
        one.last_error.replace("\n", " "),
    )
    return Row(str(one.dseq), texts, {4: look.tone}, one)


@dataclass(frozen=True)
class Said:
    """One thing the platform objects to: where, in the words of the screen, and what."""

    where: str
    what: str


def said(one: OutboxRow) -> list[Said]:
    """Return the platform's problem, field by field."""
    problem = one.problem or {}
    found = [
        Said(place_words(one.kind, str(error.get("pointer", ""))), str(error.get("detail") or error.get("code") or ""))
        for error in problem.get("errors") or []
        if isinstance(error, Mapping)
    ]
    if not found and (problem.get("detail") or problem.get("title")):
        found.append(Said("整条记录", str(problem.get("detail") or problem.get("title"))))
    return found


def place_words(kind: str, pointer: str) -> str:
    """Return a JSON pointer in wire names as 血袋 第 1 行 失效时间; what is unknown stays as it was sent."""
    declared: LineType | None = all_records().get(kind)
    words: list[str] = []
    for part in (one for one in pointer.lstrip("#").split("/") if one):
        f = next((f for f in declared.fields.values() if f.wire == part), None) if declared else None
        if f is not None and declared is not None:
            words.append(f.label)
            declared = next((of for group, of in declared.groups if group.key == f.key), declared)
        else:
            words.append(f"第 {int(part) + 1} 行" if part.isdigit() else f"«{part}»")
    return " ".join(words) or "整条记录"


@dataclass(frozen=True)
class Block:
    """A part of a payload: a heading, "" for the record itself, and its fields as (label, text)."""

    heading: str
    entries: tuple[tuple[str, str], ...]


def payload_words(one: OutboxRow) -> list[Block]:
    """Return the frozen payload as a person reads it."""
    try:
        wire = json.loads(one.payload)
    except ValueError:
        return [Block("内容无法显示", (("字节数", str(len(one.payload))),))]
    if one.op == "delete":
        return [Block("", (("删除原因", str(wire.get("reason") or "（未填写）")),))]
    declared = all_records().get(one.kind)
    if declared is None:
        return [Block("", tuple((str(key), json.dumps(value, ensure_ascii=False)) for key, value in wire.items()))]
    return list(_blocks(declared, wire, ""))


def _blocks(declared: LineType, wire: Mapping[str, Any], heading: str) -> Iterator[Block]:
    values, _ = from_body(declared, wire)
    entries = [(f.label, f.kind.format(values[f.key])) for f in declared.plain if values.get(f.key) is not None]
    known = {f.wire: f.key for f in declared.fields.values()}
    for name, raw in wire.items():
        if known.get(name) not in values:
            entries.append((f"«{name}»", json.dumps(raw, ensure_ascii=False)))
    yield Block(heading, tuple(entries))
    for group, of in declared.groups:
        for number, member in enumerate(wire.get(group.wire) or (), start=1):
            if isinstance(member, Mapping):
                yield from _blocks(of, member, f"{group.label} 第 {number} 行")


def facts(one: OutboxRow) -> list[tuple[str, str]]:
    """Return what is known of the operation itself."""
    known = [
        ("操作", f"{kind_word(one.kind)}{OPERATIONS.get(one.op, one.op)}"),
        ("状态", states.look(one.state).text),
        ("保存于", china_text(one.occurred_at)),
        ("操作员", one.actor or "（未填写）"),
        ("尝试", f"{one.attempts} 次"),
    ]
    if one.settled_at:
        known.append(("完成于", china_text(one.settled_at)))
    elif one.next_at:
        known.append(("下次尝试", china_text(one.next_at)))
    if one.last_error:
        known.append(("原因", one.last_error))
    known.append(("报送标识", one.key))
    return known
