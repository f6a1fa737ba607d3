"""The chain of a bag or a record as one printable page: HTML that Qt's text engine and any browser show alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.operations.trace import BagStory, Chain, Station
from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import bag_life
from bloodbank_desktop.storage.ledger import Entry

_STYLE = (
    "body{font-family:'Microsoft YaHei UI','Noto Sans CJK SC',sans-serif;font-size:9pt}"
    "h1{font-size:14pt;margin:0px 0px 5px 0px}h2{font-size:11pt;margin:13px 0px 4px 0px}"
    "table{border-collapse:collapse}td,th{padding:2px 12px 2px 0px;vertical-align:top;text-align:left}"
)


def words_of(one: Station) -> str:
    """Return what a record says of itself in one line: its list columns, in words."""
    declared = record_type(one.kind)
    parts = []
    for f in declared.columns:
        value = one.values.get(f.key)
        if value is not None and f.key not in (*declared.title, declared.newest_by):
            parts.append(f"{f.label} {f.kind.format(value)}")
    for f, _ in declared.groups:
        if members := one.values.get(f.key):
            parts.append(f"{f.label} {len(members)} 行")
    return "，".join(parts)


def trace_page(chain: Chain, printed_at: datetime, printed_by: str) -> str:
    """Return the whole page."""
    return "".join(_page(chain, printed_at, printed_by))


def _page(chain: Chain, printed_at: datetime, printed_by: str) -> Iterator[str]:
    yield f"<html><head><style>{_STYLE}</style></head><body><h1>血液追溯：{escape(chain.asked)}</h1>"
    yield f"<p>{escape(china_text(printed_at))} 由 {escape(printed_by or '（未登记操作员）')} 查询，内容为本机所知。</p>"
    if chain.broken:
        yield "<h2>✕ 断链</h2>"
        yield _rows(("", one.message) for one in chain.broken)
    for story in chain.bags:
        yield from _bag(story)
    if chain.records:
        yield "<h2>单据</h2>"
        lines = (
            f"<tr><td>{escape(china_text(one.at)) if one.at else ''}</td><td>{escape(record_type(one.kind).label)} "
            f"<b>{escape(one.name)}</b><br>{escape(words_of(one))}</td></tr>"
            for one in chain.records
        )
        yield f"<table>{''.join(lines)}</table>"
    if chain.cut:
        yield "<p>▲ 相关单据太多，这里没有全部列出；请从更具体的号码查起。</p>"
    yield "</body></html>"


def _bag(story: BagStory) -> Iterator[str]:
    yield f"<h2>血袋 {escape(bag_name(story.key))}</h2>"
    row = story.row
    if row is None:
        yield "<p>本机没有它的入库记录。</p>"
        return
    component = table("component")
    amount = f"{row.amount} {component.facet(row.component, 'unit') or ''}".strip()
    facts = [
        ("品种", f"{component.word(row.component)} {amount}"),
        ("血型", f"{table('abo').word(row.abo)} RhD {table('rhd').word(row.rhd)}"),
        ("失效", china_text(row.expires_at)),
        ("现在", bag_life.STATES.word(row.state) + (f"（{row.holder}）" if row.holder else "")),
        # Where it once stood says nothing of a bag that has left.
        ("位置", row.location if bag_life.in_stock(row.state) else ""),
    ]
    yield f"<p>{escape('　'.join(f'{name} {said}' for name, said in facts if said))}</p>"
    heads = "<tr><th>时间</th><th>事件</th><th>之后</th><th>单据</th><th>由</th></tr>"
    lines = []
    for one in story.life:
        cells = (
            china_text(one.at),
            bag_life.EVENTS.word(one.event),
            bag_life.STATES.word(one.state_after),
            _by(one),
            one.actor,
        )
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    yield f"<table>{heads}{''.join(lines)}</table>"


def _by(one: Entry) -> str:
    """Return the record that made an event happen, or what a person at the stock page said of it."""
    said = one.facts.get("received_as") or one.facts.get("name") or ""
    if one.kind == "stock":
        said = one.facts.get("location") or one.facts.get("holder") or ""
    reason = one.facts.get("reason")
    return f"{said}（{_reason(str(reason))}）" if reason else str(said)


def _reason(reason: str) -> str:
    reasons = table("out_reason")
    return reasons.word(reason) if reason in reasons else reason


def _rows(entries: Iterable[tuple[str, str]]) -> str:
    lines = (f"<tr><td>{escape(label)}</td><td>{escape(text)}</td></tr>" for label, text in entries)
    return f"<table>{''.join(lines)}</table>"
