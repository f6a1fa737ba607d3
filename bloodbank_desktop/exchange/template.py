"""The empty workbook that a ward fills in: headings that say what is needed, lists to choose from, and the rules.

Every column but the numbers is formatted as text before anybody types, which is what keeps 00123 from becoming 123.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.worksheet.datavalidation import DataValidation

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange.sheets import CHOICES_SHEET, RULES_SHEET, Sheet, letter, number_field, sheets
from bloodbank_desktop.exchange.writing import (
    MAY_FILL,
    MUST_FILL,
    heading,
    new_file,
    number_format,
    safe,
    start_sheet,
)
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import VERB_WORDS, Field, RecordType, Verb

_ROWS = 20_000
"""How far down the lists to choose from reach."""
_WHAT = {"text": "文字，一行", "note": "文字，可多行", "person": "姓名", "code": "编码，按文本原样填写"}


def write_template(declared: RecordType, path: Path) -> None:
    """Write the template of a module. Raises KnownProblem, also for a module without import."""
    if Verb.IMPORT not in declared.verbs:
        raise KnownProblem(f"{declared.label}没有“{VERB_WORDS[Verb.IMPORT]}”操作", code="verb-not-allowed")
    plans = sheets(declared)
    with new_file(path) as book:
        words = _word_lists(plans)
        for plan in plans:
            _fill_in(book, plan, words)
        _rules(book, declared, plans)
        _choices(book, words)


def _word_lists(plans: tuple[Sheet, ...]) -> dict[str, tuple[str, ...]]:
    """Return the words to choose from, by the heading under which they stand on their own sheet."""
    found: dict[str, tuple[str, ...]] = {}
    for plan in plans:
        for f in plan.fields:
            if (words := _words(f)) and (name := _list_name(f)) not in found:
                found[name] = words
    return found


def _words(f: Field) -> tuple[str, ...]:
    if isinstance(f.kind, kinds.Choice | kinds.Choices):
        return tuple(f.kind.table.word(key) for key in f.kind.table.offered)
    return f.kind.words[::-1] if isinstance(f.kind, kinds.Flag) else ()


def _list_name(f: Field) -> str:
    if isinstance(f.kind, kinds.Choice | kinds.Choices):
        return f.kind.table.label
    assert isinstance(f.kind, kinds.Flag)
    return "／".join(f.kind.words[::-1])


def _fill_in(book: Workbook, plan: Sheet, words: dict[str, tuple[str, ...]]) -> None:
    sheet = start_sheet(book, plan)
    names = list(words)
    heads = []
    for place, f in enumerate(plan.fields):
        sheet.column_dimensions[letter(place)].number_format = number_format(f.kind)
        cell = heading(sheet, plan.heading(place), MUST_FILL if plan.must(place) else MAY_FILL)
        comment = Comment(_rule(f), "输血科工作站", width=300, height=120)
        cell.comment = comment
        heads.append(cell)
        # Several entries go into one cell, and a list of Excel lets only one in.
        if isinstance(f.kind, kinds.Choice | kinds.Flag):
            column = letter(names.index(_list_name(f)))
            source = f"'{CHOICES_SHEET}'!${column}$2:${column}${len(words[_list_name(f)]) + 1}"
            chosen = DataValidation(type="list", formula1=source, allow_blank=True, showErrorMessage=True)
            chosen.errorTitle, chosen.error = "请从列表中选择", f"{f.label}只能从下拉列表中选择"
            chosen.add(f"{letter(place)}2:{letter(place)}{_ROWS}")
            sheet.data_validations.append(chosen)
    sheet.append(heads)


def _condition(plan: Sheet, place: int) -> str:
    if plan.must(place):
        return "必填"
    return "按情况填" if callable(plan.fields[place].required) else "可不填"


def _rule(f: Field) -> str:
    """Say what a field takes, from its kind."""
    kind = f.kind
    if isinstance(kind, kinds.Choice):
        said = "从下拉列表中选择"
    elif isinstance(kind, kinds.Choices):
        said = f"可填多项，用顿号“、”分开：{'、'.join(_words(f))}"
    elif isinstance(kind, kinds.Flag):
        said = f"填“{kind.words[1]}”或“{kind.words[0]}”"
    elif isinstance(kind, kinds.Number):
        bounds = (("最小 ", kind.low), ("最大 ", kind.high))
        limits = [f"{word}{kind.format(limit)}" for word, limit in bounds if limit is not None]
        unit = f"，单位 {kind.unit}" if kind.unit else ""
        places = f"最多 {kind.places} 位小数" if kind.places else "整数"
        said = f"数字{unit}，{places}" + "".join(f"，{one}" for one in limits)
    elif isinstance(kind, kinds.Day):
        said = "日期，例如 2026-11-23"
    elif isinstance(kind, kinds.Moment):
        said = "日期和时间，到分钟，例如 2026-11-23 09:05"
    else:
        most = getattr(kind, "most", None)
        said = _WHAT.get(kind.name, "文字") + (f"，最多 {most} 字" if most else "")
    return said + (f"。{f.help}" if f.help else "")


def _example(f: Field) -> str:
    kind = f.kind
    if words := _words(f):
        return words[0]
    if isinstance(kind, kinds.Number):
        return kind.format(kind.low if kind.low is not None else Decimal(1))
    simple = {"day": "2026-11-23", "moment": "2026-11-23 09:05", "person": "张三（样例）", "code": "00123"}
    return simple.get(kind.name, f"样例{f.label}")


def _rules(book: Workbook, declared: RecordType, plans: tuple[Sheet, ...]) -> None:
    sheet = book.create_sheet(RULES_SHEET)
    for column, width in zip("ABCDE", (16, 26, 12, 60, 26), strict=True):
        sheet.column_dimensions[column].width = width
    number = number_field(declared)
    others = "、".join(f"“{plan.title}”" for plan in plans[1:])
    notes = [
        f"{declared.label}导入模板。每张{declared.label}在工作表“{plans[0].title}”中占一行；请不要改动第 1 行的表头。",
        f"一张{declared.label}有几行{others}就写几行，每行的第一列都填它的{number.label}。" if others else "",
        "红色表头必填，蓝色表头可不填；标有“按情况填”的，按说明在需要时填写。下拉列表中的词请勿改写。",
        "除数字外，各列已设为文本：编码前面的 0 和身份证号码的每一位都会原样保留。从别处粘贴请用“选择性粘贴—数值”。",
        "不要使用公式、合并单元格或隐藏的工作表。时间按北京时间填写。下面每行说明一列，最后一列是填写示例。",
    ]
    for text in notes:
        if text:
            sheet.append([safe(sheet, text)])
    sheet.append([])
    sheet.append([heading(sheet, name) for name in ("工作表", "表头", "要求", "填写规则", "示例")])
    for plan in plans:
        for place, f in enumerate(plan.fields):
            row: list[Any] = [plan.title, f.label, _condition(plan, place), _rule(f), _example(f)]
            sheet.append([safe(sheet, text) for text in row])


def _choices(book: Workbook, words: dict[str, tuple[str, ...]]) -> None:
    sheet = book.create_sheet(CHOICES_SHEET)
    for place in range(len(words)):
        sheet.column_dimensions[letter(place)].width = 22
    sheet.freeze_panes = "A2"
    sheet.append([heading(sheet, name) for name in words])
    lists = list(words.values())
    for row in range(max((len(one) for one in lists), default=0)):
        sheet.append([_plain(sheet, one[row]) if row < len(one) else None for one in lists])


def _plain(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell
