"""The rows of the safety page: duties with their limit, exceptions with their review, rules by how often they speak."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bloodbank_desktop.clock import Clock, china_text
from bloodbank_desktop.records.catalogue import LABELS
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui.list_model import Column, Query, Reader, Row
from bloodbank_desktop.ui.queue_source import age_words
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.operations.alerts import RuleCount
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.alert_rows import Alert, Excepted
    from bloodbank_desktop.storage.duty_rows import Duty

_WHEN = ("2026-11-28 08:58",)
_SOON = timedelta(hours=4)
DUTY_COLUMNS = (
    Column("what", "待办事项", ("紧急发血等待补齐申请、标本定型和交叉配血",), sortable=False),
    Column("left", "时限", ("✕ 逾期 88 小时 58 分",), sortable=False, help="还剩多少时间，或已逾期多久"),
    Column("due", "到期时间", _WHEN, sortable=False),
    Column("kind", "单据", ("临床用血出库",), sortable=False),
    Column("name", "编号", ("SQ20261123-0001 张三",), sortable=False),
    Column("opened", "开始时间", _WHEN, sortable=False),
    Column("by", "经办人", ("训练甲",), sortable=False),
)
EXCEPTION_COLUMNS = (
    Column("state", "签阅", ("◆ 待签",), sortable=False, help="授权人本人不能签阅；当天的例外次日签阅"),
    Column("at", "时间", _WHEN, sortable=False),
    Column("by", "授权人", ("训练甲（xunlian-jia）",), sortable=False),
    Column("rule", "规则", ("预留血袋发给他人",), sortable=False),
    Column("reason", "原因", ("危及生命且不输血风险更大",), sortable=False),
    Column("comment", "说明", ("患者危重，已与经治医师商定",), sortable=False),
    Column("bag", "血袋", ("A9999 26 000000 E6170V00",), sortable=False),
    Column("kind", "单据", ("临床用血出库",), sortable=False),
    Column("review", "签阅意见", ("训练乙（yi）：已逐项核对病历",), sortable=False),
)
COUNT_COLUMNS = (
    Column("title", "规则", ("失效时间早于预计用血时间的血袋",), sortable=False),
    Column("total", "合计", ("88,888",), sortable=False, align_right=True),
    Column("refused", "拦下", ("88,888",), sortable=False, align_right=True, help="没有做成的次数"),
    Column("overridden", "授权通过", ("88,888",), sortable=False, align_right=True),
    Column("warned", "提醒", ("88,888",), sortable=False, align_right=True, help="看过警告后继续的次数"),
    Column(
        "share", "每百次发血", ("8,888.8",), sortable=False, align_right=True, help="合计除以同期发血次数，乘以 100"
    ),
    Column("rule", "规则编号", ("duplicate-in-stock-of-another",), sortable=False),
)
ALERT_COLUMNS = (
    Column("at", "时间", _WHEN, sortable=False),
    Column("outcome", "结果", ("✕ 拦下",), sortable=False),
    Column("message", "提示内容", ("第 1 袋已过期，不能发出，请改走报废并报告",), sortable=False),
    Column("bag", "血袋", ("A9999 26 000000 E6170V00",), sortable=False),
    Column("by", "操作员", ("训练甲（xunlian-jia）",), sortable=False),
    Column("moment", "环节", ("其它出库",), sortable=False),
    Column("seq", "编号", ("888888",), sortable=False),
)
_OUTCOMES = {
    "refused": ("✕ 拦下", Tone.BAD),
    "overridden": ("◆ 授权", Tone.WARN),
    "warned": ("△ 提醒", Tone.MUTED),
}


def _module(kind: str) -> str:
    return LABELS.get(kind, kind)


def _line(text: str) -> str:
    # A line break would make a cell show nothing but the first line.
    return " ".join(text.split())


class DutySource:
    """Open duties, those due first."""

    columns: tuple[Column, ...] = DUTY_COLUMNS

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock

    def open(self, query: Query) -> tuple[int, Reader]:
        from bloodbank_desktop.operations.duties import waiting

        found, now = waiting(self._desk), self._clock.now()
        return len(found), lambda offset, limit: [duty_row(one, now) for one in found[offset : offset + limit]]


def left_words(due: datetime | None, now: datetime) -> tuple[str, Tone]:
    """Return how long a duty has left, in words with a shape, and its tone."""
    if due is None:
        return "○ 无时限", Tone.MUTED
    if due < now:
        return f"✕ 逾期 {age_words(now - due)}", Tone.BAD
    left = due - now
    return (f"▲ 剩 {age_words(left)}", Tone.WARN) if left < _SOON else (f"○ 剩 {age_words(left)}", Tone.PLAIN)


def duty_row(one: Duty, now: datetime) -> Row:
    """Return a duty as a row."""
    words, tone = left_words(one.due_at, now)
    texts = (
        table("duty").word(one.what),
        words,
        china_text(one.due_at) if one.due_at else "",
        _module(one.kind),
        _line(one.name),
        china_text(one.opened_at),
        one.opened_by,
    )
    return Row(one.id, texts, {1: tone}, one)


class ExceptionSource:
    """Overrides, those that wait for a signature first."""

    columns: tuple[Column, ...] = EXCEPTION_COLUMNS

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def open(self, query: Query) -> tuple[int, Reader]:
        from bloodbank_desktop.operations.alerts import exceptions

        total, _ = exceptions(self._desk, unsigned_only=False, limit=1)

        def read(offset: int, limit: int) -> Sequence[Row]:
            return [
                exception_row(one) for one in exceptions(self._desk, unsigned_only=False, offset=offset, limit=limit)[1]
            ]

        return total, read


def exception_row(one: Excepted) -> Row:
    """Return an exception as a row."""
    from bloodbank_desktop.operations.alerts import title_of

    alert, review = one.alert, one.review
    texts = (
        "✓ 已签" if review is not None else "◆ 待签",
        china_text(alert.at),
        alert.actor,
        title_of(alert.rule),
        table("override_reason").word(alert.reason) if alert.reason else "",
        _line(alert.comment),
        alert.bag,
        _module(alert.kind),
        _line(f"{review.actor}：{review.comment}") if review is not None else "",
    )
    return Row(str(alert.seq), texts, {0: Tone.GOOD if review is not None else Tone.WARN}, one)


class CountSource:
    """Rules that spoke within the last days, the loudest first."""

    columns: tuple[Column, ...] = COUNT_COLUMNS

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.days = 30
        #: How many issues there were, as the list was read last.
        self.issues = 0

    def open(self, query: Query) -> tuple[int, Reader]:
        from bloodbank_desktop.operations.alerts import period, statistics

        counted = statistics(self._desk, period(self._desk, days=self.days))
        self.issues = counted.issues
        rows = [count_row(one) for one in counted.rules]
        return len(rows), lambda offset, limit: rows[offset : offset + limit]


def count_row(one: RuleCount) -> Row:
    """Return a rule as a row."""
    share = f"{one.per_hundred:,}" if one.per_hundred is not None else "无发血"
    numbers = (one.total, one.refused, one.overridden, one.warned)
    texts = (one.title, *(f"{number:,}" if number else "" for number in numbers), share, one.rule)
    return Row(one.rule, texts, {5: Tone.MUTED} if one.per_hundred is None else {}, one)


class AlertSource:
    """The alerts of one rule within the last days, the newest first."""

    columns: tuple[Column, ...] = ALERT_COLUMNS

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.rule, self.days = "", 30

    def open(self, query: Query) -> tuple[int, Reader]:
        from bloodbank_desktop.operations.alerts import of_rule, period

        rule, over = self.rule, period(self._desk, days=self.days)
        total, _ = of_rule(self._desk, rule, over, limit=1)

        def read(offset: int, limit: int) -> Sequence[Row]:
            return [alert_row(one) for one in of_rule(self._desk, rule, over, offset=offset, limit=limit)[1]]

        return total, read


def alert_row(one: Alert) -> Row:
    """Return an alert as a row."""
    words, tone = _OUTCOMES.get(one.outcome, (f"? «{one.outcome}»", Tone.WARN))
    moment = table("near_miss_stage").word(one.moment) if one.moment else ""
    texts = (china_text(one.at), words, _line(one.message), one.bag, one.actor, moment, str(one.seq))
    return Row(str(one.seq), texts, {1: tone}, one)
