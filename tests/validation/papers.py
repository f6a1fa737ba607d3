"""The papers as Chinese Markdown: hazards, warnings, traceability, what to validate anew, and known limitations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import LEVEL_WORDS, MOMENT_WORDS, RULES, Level, Rule
from bloodbank_desktop.rules.decisions import decision, decision_names
from bloodbank_desktop.rules.everything import ROOMS
from bloodbank_desktop.rules.persons import holders
from bloodbank_desktop.rules.switches import SWITCHES
from tests.validation.evidence import spoken_of, vectors_of

REQUIREMENTS = Path(__file__).with_name("requirements.json")
LIMITATIONS = Path(__file__).with_name("limitations.json")
_MADE = "> 由规则目录生成，请勿手改；`dev.py papers` 重新生成，测试会核对。\n"


@cache
def in_order() -> list[Rule]:
    """Return the rules as they stand in their rooms, whichever of those happened to be loaded first."""
    rooms = [room.__name__ for room in ROOMS]
    return sorted(RULES.values(), key=lambda one: (rooms.index(one.find.__module__), one.find.__code__.co_firstlineno))


def requirements() -> list[dict[str, Any]]:
    """Return the requirements with the rules and other evidence that answer them."""
    found: list[dict[str, Any]] = json.loads(REQUIREMENTS.read_text(encoding="utf-8"))
    return found


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", "<br>")


def _table(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "".join(f"| {' | '.join(_cell(one) for one in row)} |\n" for row in rows)


def hazards() -> str:
    """Return the hazard table: what may happen, by what cause, which rule is in the way, what remains."""
    lines = [
        (
            f"H{number}",
            one.hazard.hazard,
            one.hazard.cause,
            f"`{one.id}` {one.title}",
            _levels(one),
            one.hazard.residual,
        )
        for number, one in enumerate(in_order(), start=1)
    ]
    heads = ("编号", "危害", "原因", "措施（规则）", "级别", "剩余风险")
    return f"# 危害分析表\n\n{_MADE}\n{_table(heads, lines)}"


def _levels(one: Rule) -> str:
    words = LEVEL_WORDS[one.level]
    if one.level is Level.OVERRIDE:
        second = "，并由第二人签名" if one.second else ""
        words += f"（{'、'.join(holders(f'override:{one.least}'))}{second}）"
    return words


def warnings() -> str:
    """Return the catalogue of warnings, one chapter for each rule, with its algorithm and all of its sentences."""
    return f"# 警告目录\n\n{_MADE}\n" + "\n".join(_warnings())


def _warnings() -> Iterator[str]:
    for number, one in enumerate(in_order(), start=1):
        moments = "、".join(MOMENT_WORDS[moment] for moment in one.moments)
        yield f"## W{number} {one.title}（`{one.id}`）\n"
        facts = [
            ("时刻", f"{moments}；{'逐袋' if one.per_bag else '整张单据'}"),
            ("级别", _levels(one)),
            ("来源", one.source),
            ("算法", " ".join((one.find.__doc__ or "").split())),
            ("数据表", "、".join(_edition(name) for name in one.tables) or "无"),
            ("本院开关", "、".join(f"{SWITCHES.word(key)}（`{key}`）" for key in one.switches) or "无"),
            ("例题与测试", f"例题 {vectors_of()[one.id]} 道，测试 {_few(spoken_of()[one.id], 6)}"),
        ]
        yield _table(("项目", "内容"), facts)
        yield _table(("代码", "原文（{} 内为当时的内容）"), [(f"`{code}`", text) for code, text in one.says.items()])


def _edition(name: str) -> str:
    if name in decision_names():
        found = decision(name)
        return f"决策表《{found.label}》{found.version}，{len(found.cells)} 格"
    return f"《{table(name).label}》{table(name).version}"


def traceability() -> str:
    """Return the matrix: requirement → rule → tests → vectors, and rules that no requirement asked for."""
    lines = []
    for one in requirements():
        rules = [rule for rule in one["rules"] if rule in RULES]
        tests = [test for rule in rules for test in spoken_of()[rule]]
        lines.append(
            (
                one["id"],
                one["words"],
                one["source"],
                "<br>".join(f"`{rule}`" for rule in rules) or "—",
                _few([*one["evidence"], *dict.fromkeys(tests)]),
                str(sum(vectors_of()[rule] for rule in rules)),
            )
        )
    asked = {rule for one in requirements() for rule in one["rules"]}
    free = [f"- `{rule.id}` {rule.title}\n" for rule in in_order() if rule.id not in asked]
    words = "## 未列入要求清单的规则\n\n" + ("".join(free) or "无。\n")
    heads = ("要求", "内容", "来源", "规则", "测试", "例题")
    return f"# 追溯矩阵\n\n{_MADE}\n{_table(heads, lines)}\n{words}"


def _few(tests: Sequence[str], most: int = 4) -> str:
    named = [f"`{one}`" for one in tests[:most]]
    return "<br>".join(named + ([f"另 {len(tests) - most} 个"] if len(tests) > most else [])) or "—"


def revalidation() -> str:
    """Return what must be validated anew after which change."""
    intro = (
        "任何一项变更之后，先在装好的电脑上运行自检（菜单 › 自检，或命令 `selfcheck --report 文件.pdf`），"
        "全部通过、复核人签名以后才恢复使用。下表写明还须另外核对什么。\n"
    )
    lines = [
        ("安装新版程序", "全部规则", "自检；与上一份报告对照文件摘要；危害分析表与警告目录的差别逐条看过"),
        ("更换操作系统、数据库或运行库", "全部规则", "自检；扫描、打印、备份恢复各做一次"),
        ("更改本院开关", "读这个开关的规则（见下）", "自检；报告中的“与出厂设置不同的开关”由主任签名"),
        ("更换产品字典（product）", _readers("product"), "新字典逐行双人核对，并随字典更换例题 `receipt-product.json`"),
        (
            "更改其它代码表或决策表",
            "读这张表的规则（见下）",
            "自检；改动的格由第二人对照来源核对，例题由改表以外的人写",
        ),
        ("更换扫描枪或其设置", "`label-evidence`", "每种码各扫一袋；没有数据标识符的码须被拒收"),
        ("恢复备份、换电脑", "全部规则", "自检；`verify`；未上传的记录与原机对照"),
    ]
    heads = ("变更", "涉及的规则", "除自检以外须核对")
    names = sorted({name for rule in in_order() for name in rule.tables})
    per_table = [(f"`{name}`", _edition(name), _readers(name)) for name in names]
    per_switch = [
        (f"`{key}`", SWITCHES.word(key), _switched_by(key), str(SWITCHES.facet(key, "room"))) for key in SWITCHES
    ]
    return (
        f"# 变更后须重新验证的内容\n\n{_MADE}\n{intro}\n{_table(heads, lines)}"
        f"\n## 数据表与规则\n\n{_table(('表', '版本', '读它的规则'), per_table)}"
        f"\n## 本院开关与规则\n\n{_table(('开关', '名称', '读它的规则', '法规余地'), per_switch)}"
    )


def _readers(name: str) -> str:
    return "、".join(f"`{rule.id}`" for rule in in_order() if name in rule.tables) or "—"


def _switched_by(key: str) -> str:
    return "、".join(f"`{rule.id}`" for rule in in_order() if key in rule.switches) or "—"


def limitations() -> str:
    """Return what is known not to be right or not to be covered, with what that means for safety."""
    whole: list[dict[str, str]] = json.loads(LIMITATIONS.read_text(encoding="utf-8"))
    lines = [(f"L{number}", one["limitation"], one["safety"], one["do"]) for number, one in enumerate(whole, start=1)]
    residual = [(f"`{one.id}`", one.hazard.residual) for one in in_order() if one.hazard.residual != "无"]
    return (
        f"# 已知局限及其安全意义\n\n{_MADE}\n{_table(('编号', '局限', '安全意义', '使用者须做'), lines)}"
        f"\n## 各规则的剩余风险\n\n{_table(('规则', '剩余风险'), residual)}"
    )


PAPERS: dict[str, Callable[[], str]] = {
    "hazards.md": hazards,
    "warnings.md": warnings,
    "traceability.md": traceability,
    "revalidation.md": revalidation,
    "limitations.md": limitations,
}
