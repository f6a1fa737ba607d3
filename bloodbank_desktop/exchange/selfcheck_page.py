"""The report of a self-check on paper: what was tried on which copy, what failed, and who signs for it."""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.exchange.paper import Paper, Piece, heading, paragraph, rows
from bloodbank_desktop.operations.selfcheck import Report, RuleResult, level_word

_NAMES = {
    "program": "程序版本",
    "schema": "资料结构",
    "python": "Python",
    "qt": "Qt",
    "sqlite": "SQLite",
    "system": "操作系统",
}
_RULES = ("规则", "编号", "级别", "例题", "通过", "未通过", "结果")
_RULE_WIDTHS = (36, 24, 9, 7, 7, 8, 9)


def verdict(report: Report) -> str:
    """Return the outcome in one line, which does not depend on a colour."""
    if report.passed:
        return "✓ 全部通过"
    return f"✕ 未通过：{len(report.failed_rules)} 项。发血已关闭，查明原因或写明理由后才能重新开放。"


def result(one: RuleResult) -> str:
    """Return the outcome of one rule in words and shape."""
    if one.holds:
        return "✓ 通过"
    return "✕ 没有例题" if not one.total else "✕ 未通过"


def selfcheck_page(report: Report, hospital: str = "", workstation: str = "") -> Paper:
    """Return the report as paper."""
    foot = f"输血科工作站自检报告　{china_text(report.at)}　摘要 {report.installed.digest[:16]}"
    return Paper("自检报告", foot, tuple(_pieces(report, hospital, workstation)))


def _pieces(report: Report, hospital: str, workstation: str) -> Iterator[Piece]:
    yield Piece("<h1>输血科工作站自检报告</h1>")
    yield Piece(f"<p><b>{verdict(report)}</b></p>")
    yield from rows(("", ""), (22, 78), list(_facts(report, hospital, workstation)))
    if not report.passed:
        yield heading("未通过的项目")
        yield from rows(("规则", "例题", "说明"), (24, 28, 48), list(_failures(report)))
    yield heading("规则与例题")
    yield from rows(_RULES, _RULE_WIDTHS, [_rule(one) for one in report.rules])
    yield heading("与出厂设置不同的开关")
    if report.switches:
        changed = [(one.word, one.value, one.default) for one in report.switches]
        yield from rows(("开关", "本院", "出厂"), (30, 40, 30), changed)
    else:
        yield paragraph("无。")
    yield from _signatures()
    yield heading("代码表与决策表的版本")
    yield from rows(("版本", "表"), (20, 80), _editions(report))
    yield heading("文件摘要（SHA-256）")
    yield from rows(("文件", "摘要"), (40, 60), report.installed.digests.items(), code=True)


def _facts(report: Report, hospital: str, workstation: str) -> Iterator[tuple[str, str]]:
    counts = report.as_json()["counts"]
    if hospital:
        yield "医院", hospital
    if workstation:
        yield "工作站", workstation
    yield "时间", china_text(report.at)
    yield "执行人", report.by or "（未登记）"
    versions = {**report.installed.versions, "schema": f"第 {report.installed.versions['schema']} 步"}
    yield from ((_NAMES[key], value or "不详") for key, value in versions.items())
    yield "规则", f"{counts['rules']} 条"
    yield "例题", f"{counts['vectors']} 道，未通过 {counts['failed']} 道"
    yield "决策表", f"没有例题问到的格 {counts['uncovered_cells']} 个"
    yield "全部文件的摘要", report.installed.digest


def _editions(report: Report) -> Iterator[tuple[str, str]]:
    tables = report.installed.tables
    for edition in sorted(set(tables.values())):
        names = sorted(name.removeprefix("tables/") for name, one in tables.items() if one == edition)
        yield edition, "、".join(names)


def _failures(report: Report) -> Iterator[tuple[str, str, str]]:
    for one in report.rules:
        yield from ((one.rule.title, bad.vector, bad.why) for bad in one.failed)
        if not one.total:
            yield one.rule.title, "", "没有例题，不能证明这条规则有效"
        for name, inputs in one.uncovered:
            yield one.rule.title, "", f"决策表 {name} 的 {' / '.join(inputs)} 没有例题问到"
    yield from ((one.vector, "", one.why) for one in report.broken)


def _rule(one: RuleResult) -> tuple[str, ...]:
    numbers = (str(one.total), str(one.passed), str(len(one.failed)))
    return (one.rule.title, one.rule.id, level_word(one), *numbers, result(one))


def _signatures() -> Iterator[Piece]:
    line = "".join(
        f'<td width="33%">{one}<br><br>＿＿＿＿＿＿＿＿＿＿＿＿</td>' for one in ("测试人", "复核人", "日期")
    )
    table = f'<table width="100%"><tr>{line}</tr></table>'
    note = "<p>签名人已核对：运行的是本院安装的程序，未通过的项目已处理，与出厂设置不同的开关经本院批准。</p>"
    yield Piece(f"<h2>签名</h2>{note}<br>{table}", apart=True)
