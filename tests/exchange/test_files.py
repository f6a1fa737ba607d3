"""Files that are no workbooks, or dangerous ones, are refused in words; the template can be filled in and imported."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange import package
from bloodbank_desktop.exchange.reading import CellProblem, Workbook
from bloodbank_desktop.exchange.sheets import CHOICES_SHEET, MUST, RULES_SHEET, letter
from bloodbank_desktop.exchange.template import write_template
from bloodbank_desktop.exchange.writing import export, new_file, write_problems
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.lists import ListQuery
from tests.exchange.books import APPROVALS, COMPONENTS, DECLARED, HEAD, KIND, Changed, column, requests, write
from tests.support import open_store

ROOT = Path(__file__).parents[2]


def _replaced(path: Path, member: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[member] = change(parts[member])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)


SHEET = "xl/worksheets/sheet1.xml"


def _plain(path: Path) -> None:
    path.write_text("病案号,姓名\n00123,张三\n", encoding="utf-8")


def _old(path: Path) -> None:
    path.write_bytes(package._OLE + bytes(600))


def _locked(path: Path) -> None:
    path.write_bytes(package._OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le"))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-400])


def _other_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")


def _damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo(SHEET).header_offset
    content[at + 60 : at + 200] = bytes(140)
    path.write_bytes(content)


def _entities(path: Path) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    _replaced(path, "xl/workbook.xml", lambda text: text.replace(b"<workbook", bomb + b"<workbook", 1))


def _far(path: Path) -> None:
    cell = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    _replaced(path, SHEET, lambda text: text.replace(b"</sheetData>", cell))


def _placeless(path: Path) -> None:
    _replaced(path, SHEET, lambda text: text.replace(b'<c r="B2"', b"<c", 1))


BAD: list[tuple[Callable[[Path], None], str, str]] = [
    (_plain, "not-xlsx", "另存为 .xlsx"),
    (_old, "old-excel", "旧版"),
    (_locked, "encrypted", "密码"),
    (_cut, "damaged-file", "损坏"),
    (_other_zip, "not-xlsx", "不是 Excel"),
    (_damaged, "damaged-file", "损坏"),
    (_entities, "not-xlsx", "完整"),
    (_far, "too-many-cells", "XFD1048576"),
    (_placeless, "cells-without-place", "位置"),
]


@pytest.mark.parametrize(("spoil", "code", "words"), BAD, ids=[case[0].__name__ for case in BAD])
def test_bad_file_is_refused_in_words(spoil: Callable[[Path], None], code: str, words: str, tmp_path: Path) -> None:
    """A file that is no sound .xlsx is refused with a sentence that says what to do, before it can do harm."""
    path = write(tmp_path / "in.xlsx", requests(2))
    spoil(path)
    with pytest.raises(KnownProblem, match=words) as caught:
        Workbook(DECLARED, path)
    assert caught.value.code == code


def test_file_that_unpacks_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unpacked size is limited before anything is unpacked."""
    path = write(tmp_path / "in.xlsx", requests(2))
    monkeypatch.setattr(package, "MOST_UNPACKED", 10_000)
    with pytest.raises(KnownProblem, match="过大"):
        Workbook(DECLARED, path)


def test_format_far_away_does_no_harm(tmp_path: Path) -> None:
    """A format that somebody dragged to the last cell of the sheet is no content and refuses nothing."""
    path = write(tmp_path / "in.xlsx", requests(2))
    cell = b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    _replaced(path, SHEET, lambda text: text.replace(b"</sheetData>", cell))
    book = Workbook(DECLARED, path)
    assert book.problems == []
    assert len(list(book.heads())) == 2


def test_marks_at_the_edges_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A formula is found wherever the sheet happens to be cut into pieces."""
    path = write(tmp_path / "in.xlsx", requests(2))
    with Changed(path) as book:
        book.worksheets[0].cell(3, column("科室")).value = "=1+1"
    for size in (700, 911, 1024, 4099):
        monkeypatch.setattr(package, "_CHUNK", size)
        marks = package.open_package(path).marks
        assert marks[HEAD.title] == {3: {column("科室") - 1: "formula"}}


def test_file_appears_only_when_whole(tmp_path: Path) -> None:
    """A file that could not be finished leaves the older one in place and no rest beside it."""
    path = tmp_path / "out.xlsx"
    path.write_bytes(b"before")
    with pytest.raises(ZeroDivisionError), new_file(path) as book:
        book.create_sheet("甲")
        raise ZeroDivisionError
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"out.xlsx": b"before"}
    with pytest.raises(KnownProblem, match="文件夹"), new_file(tmp_path / "none" / "out.xlsx") as book:
        book.create_sheet("甲")
    with pytest.raises(KnownProblem, match=r"\.xlsx"), new_file(tmp_path / "out.xls") as book:
        book.create_sheet("甲")


def test_problems_can_be_saved(tmp_path: Path) -> None:
    """The table of problems goes into a file as text, whatever a wrong cell said."""
    said = [CellProblem("审批", 3, "姓名（B 列）", "x", "=1+1"), CellProblem("审批", None, "", "y", "缺")]
    write_problems(tmp_path / "p.xlsx", said)
    rows = [[cell.value for cell in row] for row in load_workbook(tmp_path / "p.xlsx")["问题"].iter_rows()]
    assert rows == [["工作表", "行", "列", "原因"], ["审批", 3, "姓名（B 列）", "=1+1"], ["审批", None, None, "缺"]]


def test_template_can_be_filled_in(tmp_path: Path) -> None:
    """The template has every heading, required ones marked in words and colour, lists to choose from, and the rules."""
    path = tmp_path / "template.xlsx"
    write_template(DECLARED, path)
    with Changed(path) as book:
        assert book.sheetnames == [HEAD.title, COMPONENTS.title, APPROVALS.title, RULES_SHEET, CHOICES_SHEET]
        sheet = book[HEAD.title]
        assert sheet.cell(1, column("病案号")).value == "病案号" + MUST
        colours = {sheet.cell(1, column(name)).fill.fgColor.rgb for name in ("病案号", "备注")}
        assert len(colours) == 2
        assert sheet.column_dimensions["A"].number_format == "@"
        lists = {str(one.sqref).split(":")[0]: one.formula1 for one in sheet.data_validations.dataValidation}
        target = lists[f"{letter(column('性别') - 1)}2"]
        reference = target.split("!")[1].replace("$", "")
        assert [row[0].value for row in book[CHOICES_SHEET][reference]] == [
            record_type(KIND).fields["sex"].kind.table.word(key)  # type: ignore[attr-defined]
            for key in record_type(KIND).fields["sex"].kind.table  # type: ignore[attr-defined]
        ]
        rules = [[cell.value for cell in row] for row in book[RULES_SHEET].iter_rows()]
        assert sum(row[0] == HEAD.title for row in rules) == len(HEAD.fields)
        source = load_workbook(write(tmp_path / "data.xlsx", requests(2)))
        for plan in (HEAD, COMPONENTS, APPROVALS):
            for number, row in enumerate(source[plan.title].iter_rows(min_row=2, values_only=True), start=2):
                for place, value in enumerate(row, start=1):
                    book[plan.title].cell(number, place).value = value
    filled = Workbook(DECLARED, path)
    assert filled.problems == []
    assert [(one.row, one.problems) for one in filled.heads()] == [(2, {}), (3, {})]


# -- the command line ----------------------------------------------------------------------------------------------


def _run(folder: Path, *words: str) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "bloodbank_desktop", "--training", "--data-dir", str(folder), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    return done.returncode, json.loads(done.stdout or "null"), done.stderr


def test_command_line(tmp_path: Path) -> None:
    """A real process imports, refuses whole, imports the good only, exports and undoes; exit codes and JSON say which."""
    folder = tmp_path / "data"
    path = write(tmp_path / "in.xlsx", requests(3))
    with Changed(path) as book:
        book.worksheets[0].cell(3, column("病案号")).value = 123
    code, said, _ = _run(folder, "import", KIND, str(path))
    assert (code, said["rows"], said["good"]) == (1, 3, 2)
    assert "batch" not in said
    problem = said["problems"][0]
    assert set(problem) == {"sheet", "row", "column", "code", "message"}
    assert (problem["sheet"], problem["row"], problem["code"]) == (HEAD.title, 3, "number-for-text")
    code, said, _ = _run(folder, "import", KIND, str(path), "--good-only")
    assert (code, said["good"]) == (0, 2)
    batch = said["batch"]
    code, said, _ = _run(folder, "export", KIND, str(tmp_path / "out.xlsx"), "--search", "SQS00000002")
    assert (code, said) == (0, {"rows": 1})
    code, said, _ = _run(folder, "import", KIND, str(tmp_path / "out.xlsx"), "--dry-run")
    assert (code, [one["code"] for one in said["problems"]]) == (1, ["exists"])
    code, said, _ = _run(folder, "import", KIND, "--undo", batch)
    assert (code, said) == (0, {"deleted": 2, "left": []})
    code, _, said_wrong = _run(folder, "import", "stock_in", str(path))
    assert (code, json.loads(said_wrong)[0]["code"]) == (1, "verb-not-allowed")
    assert _run(folder, "import", KIND, str(tmp_path / "none.xlsx"))[0] == 2
    assert _run(folder, "template", KIND, "--xlsx", str(tmp_path / "t.xlsx"))[0] == 0


def test_empty_list_is_exported(tmp_path: Path) -> None:
    """An export of an empty list is a workbook with headings alone."""
    (tmp_path / "p").mkdir()
    profile = open_store(tmp_path / "p")
    try:
        assert export(profile.desk, ListQuery(KIND), tmp_path / "empty.xlsx") == 0
    finally:
        profile.close()
    assert load_workbook(tmp_path / "empty.xlsx")[HEAD.title].max_row == 1
