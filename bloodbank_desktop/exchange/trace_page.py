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

_STYLE = (
    "body{font-family:'Microsoft YaHei UI','Noto Sans CJK SC',sans-serif;font-size:10pt}"
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
        heads = "<tr><th>时间</th><th>模块</th><th>名称</th><th>内容</th></tr>"
        lines = (
            f"<tr><td>{escape(china_text(one.at)) if one.at else ''}</td><td>{escape(record_type(one.kind).label)}</td>"
            f"<td><b>{escape(one.name)}</b></td><td>{escape(words_of(one))}</td></tr>"
            for one in chain.records
        )
        yield f"<table>{heads}{''.join(lines)}</table>"
    if chain.cut:
        yield "<p>▲ 相关单据太多，这里没有全部列出；请从更具体的号码查起。</p>"
    yield "</body></html>"


def _bag(story: BagStory) -> Iterator[str]:
    yield f"<h2>血袋 {escape(bag_name(story.key))}</h2>"
    row = story.row
    if row is None:
        yield "<p>本机没有它的入库记录。</p>"
        return
    facts = [
        ("品种", f"{table('component').word(row.component)} {row.amount}"),
        ("血型", f"{table('abo').word(row.abo)} RhD {table('rhd').word(row.rhd)}"),
        ("失效时间", china_text(row.expires_at)),
        ("现在", bag_life.STATES.word(row.state) + (f"（{row.holder}）" if row.holder else "")),
        ("储存位置", row.location),
    ]
    yield _rows(fact for fact in facts if fact[1])
    heads = "<tr><th>时间</th><th>事件</th><th>之后</th><th>单据</th><th>由</th></tr>"
    lines = []
    for one in story.life:
        by = one.facts.get("received_as") or one.facts.get("name") or ""
        reason = one.facts.get("reason")
        where = f"{by}（{_reason(str(reason))}）" if reason else str(by)
        cells = (
            china_text(one.at),
            bag_life.EVENTS.word(one.event),
            bag_life.STATES.word(one.state_after),
            where,
            one.actor,
        )
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    yield f"<table>{heads}{''.join(lines)}</table>"


def _reason(reason: str) -> str:
    reasons = table("out_reason")
    return reasons.word(reason) if reason in reasons else reason


def _rows(entries: Iterable[tuple[str, str]]) -> str:
    lines = (f"<tr><td>{escape(label)}</td><td>{escape(text)}</td></tr>" for label, text in entries)
    return f"<table>{''.join(lines)}</table>"
