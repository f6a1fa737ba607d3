"""The rows of the stock page: groups counted, and bags first to expire first, with what needs attention in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bloodbank_desktop.clock import Clock, china_text
from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui.list_model import Column, Query, Reader, Row
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.operations.stock_desk import StockDesk
    from bloodbank_desktop.storage.ledger import StockRow
    from bloodbank_desktop.storage.stock_rows import StockGroup

GROUP_COLUMNS = (
    Column("component", "血液品种", ("去白细胞悬浮红细胞",), sortable=False),
    Column("abo", "ABO", ("AB",), sortable=False),
    Column("rhd", "RhD", ("阳性",), sortable=False),
    Column("usable", "可发出", ("8,888",), sortable=False, align_right=True, help="可用而未过期、未预留的袋数"),
    Column("bags", "在库", ("8,888",), sortable=False, align_right=True, help="冰箱里的全部袋数"),
    Column("amount", "数量", ("8,888.5 治疗量",), sortable=False, align_right=True),
    Column("received", "待验收", ("8,888",), sortable=False, align_right=True),
    Column("reserved", "已预留", ("8,888",), sortable=False, align_right=True),
    Column("quarantined", "隔离", ("8,888",), sortable=False, align_right=True),
    Column("near", "临近失效", ("8,888",), sortable=False, align_right=True),
    Column("expired", "已过期", ("8,888",), sortable=False, align_right=True),
    Column("attention", "提示", ("▲ 低于安全库存 88 袋（缺 88）",), sortable=False),
)
BAG_COLUMNS = (
    Column("bag", "血袋", ("A9999 26 000000 E6170V00",), sortable=False),
    Column("component", "血液品种", ("去白细胞悬浮红细胞",), sortable=False),
    Column("group", "血型", ("AB RhD 阳性",), sortable=False),
    Column("amount", "数量", ("888.5",), sortable=False, align_right=True),
    Column("expires", "失效时间", ("2026-11-28 23:59",), sortable=False),
    Column("left", "剩余", ("▲ 8 小时 58 分",), sortable=False),
    Column("state", "状态", ("◇ 已预留",), sortable=False),
    Column("holder", "为谁预留", ("SQ20261123-0001",), sortable=False),
    Column("location", "储存位置", ("1号冰箱 3层",), sortable=False),
    Column("intake", "入库单号", ("RK20261123-0001",), sortable=False),
)
_STATE_TONES = {"available": Tone.GOOD, "reserved": Tone.BUSY, "received": Tone.WARN, "quarantined": Tone.BAD}


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


class GroupSource:
    """One row for every component, ABO and RhD that is here or should be."""

    def __init__(self, stock: StockDesk) -> None:
        self.columns: tuple[Column, ...] = GROUP_COLUMNS
        self._stock = stock

    def open(self, query: Query) -> tuple[int, Reader]:
        found = self._stock.groups()
        return len(found), lambda offset, limit: [group_row(one) for one in found[offset : offset + limit]]


def group_row(one: StockGroup) -> Row:
    """Return a group as a row."""
    component = table("component")
    unit = component.facet(one.component, "unit") or ""
    notes = []
    if one.expired:
        notes.append(f"✕ 过期 {one.expired} 袋待处理")
    if one.short and one.least is not None:
        notes.append(f"▲ 低于安全库存 {one.least} 袋（缺 {one.least - one.usable}）")
    if one.near_expiry:
        notes.append(f"△ 临近失效 {one.near_expiry} 袋")
    texts = (
        component.word(one.component),
        table("abo").word(one.abo),
        table("rhd").word(one.rhd),
        f"{one.usable:,}",
        f"{one.bags:,}",
        f"{one.amount.normalize():f} {unit}".strip() if one.amount else "",
        _count(one.states.get("received", 0)),
        _count(one.states.get("reserved", 0)),
        _count(one.states.get("quarantined", 0)),
        _count(one.near_expiry),
        _count(one.expired),
        "；".join(notes),
    )
    tone = Tone.BAD if one.expired else Tone.WARN if notes else Tone.MUTED
    return Row("/".join((one.component, one.abo, one.rhd)), texts, {len(texts) - 1: tone}, one)


class BagSource:
    """Bags in stock; filters "component", "abo", "rhd", "state" and "attention" hold one key each."""

    def __init__(self, stock: StockDesk, clock: Clock) -> None:
        self.columns: tuple[Column, ...] = BAG_COLUMNS
        self._stock = stock
        self._clock = clock

    def open(self, query: Query) -> tuple[int, Reader]:
        from bloodbank_desktop.storage.stock_rows import StockQuery  # whoever has a desk has loaded this already

        chosen = dict(query.filters)
        state = chosen.pop("state", "")
        wanted = StockQuery(text=query.search, states=(state,) if state else (), **chosen)
        total, _ = self._stock.bags(wanted, limit=1)
        now = self._clock.now()

        def read(offset: int, limit: int) -> Sequence[Row]:
            return [bag_row(one, now) for one in self._stock.bags(wanted, offset=offset, limit=limit)[1]]

        return total, read


def left_words(left: timedelta) -> str:
    """Return the time that a bag has left as a person says it."""
    if left <= timedelta(0):
        return "✕ 已过期"
    hours = int(left.total_seconds()) // 3600
    if hours < 24:
        return f"▲ {hours} 小时 {int(left.total_seconds()) % 3600 // 60} 分"
    return f"{hours // 24} 天"


def bag_row(one: StockRow, now: datetime) -> Row:
    """Return a bag as a row."""
    from bloodbank_desktop.rules import bag_life

    left = left_words(one.expires_at - now)
    shape = {"available": "●", "reserved": "◆", "received": "◇", "quarantined": "■"}.get(one.state, "○")
    texts = (
        bag_name(one.key),
        table("component").word(one.component),
        f"{table('abo').word(one.abo)} {table('rhd').word(one.rhd)}",
        one.amount,
        china_text(one.expires_at),
        left,
        f"{shape} {bag_life.STATES.word(one.state)}",
        one.holder,
        one.location,
        one.intake_no,
    )
    tones = {6: _STATE_TONES.get(one.state, Tone.MUTED)}
    if not left[0].isdigit():
        tones[5] = Tone.BAD if left.startswith("✕") else Tone.WARN
    return Row("/".join(one.key), texts, tones, one)
