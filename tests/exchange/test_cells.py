"""A value that goes through a real file comes back the same, and a cell is never rounded, completed or computed."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from bloodbank_desktop.exchange import package
from bloodbank_desktop.exchange.cells import ColumnReader, from_cell, to_cell
from bloodbank_desktop.exchange.sheets import letter, place_of, sheets
from bloodbank_desktop.exchange.writing import new_file, safe
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Field
from bloodbank_desktop.records.kinds import Unreadable
from tests import samples
from tests.derived.strategies import value_of
from tests.exchange.books import APPROVALS, COMPONENTS, DECLARED, HEAD, write

FIELDS = [
    f
    for declared in all_records().values()
    for part in (declared, *(of for _, of in declared.groups))
    for f in part.plain
]
#: A file cannot stand in a cell; no module with an import has one.
BY_KIND: dict[str, Field] = {
    f.kind.name: f for f in FIELDS if f.kind.name != "files" and not getattr(f.kind, "standard", None)
}


def _through_a_file(values: list[Any]) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.xlsx"
        with new_file(path) as book:
            sheet = book.create_sheet("甲")
            for value in ("head", *values):
                sheet.append([safe(sheet, value)])
        found = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [row[0] for row in found[1:]]


@pytest.mark.parametrize("name", sorted(BY_KIND))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_value_survives_the_file(name: str, data: st.DataObject) -> None:
    """Whatever a field may hold is read back from a written file exactly as it was."""
    f = BY_KIND[name]
    # Two characters that no XML can hold are written as Excel writes them, which our reader does not take back.
    values = data.draw(
        st.lists(value_of(f).filter(lambda v: not {"\ufffe", "\uffff"} & set(str(v))), min_size=1, max_size=20)
    )
    cells = _through_a_file([to_cell(f.kind, value) for value in values])
    assert [from_cell(f.kind, cell) for cell in cells] == values


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86", "-3", "@SUM(A1)", "=cmd|' /C calc'!A0", "#N/A", "_x0041_", "_x005F_x0041_", "a\nb", "00123"],
)
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    """A text that looks like a formula, an error or a coded character is written with the type of text and unchanged."""
    path = tmp_path / "text.xlsx"
    with new_file(path) as book:
        sheet = book.create_sheet("甲")
        sheet.append([safe(sheet, to_cell(kinds.Note(), text))])
    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python() == [[text]]
    assert load_workbook(path)["甲"]["A1"].data_type in ("s", "inlineStr")


@pytest.mark.parametrize("kind", [kinds.Text(), kinds.Code(), kinds.Person(), kinds.Note()], ids=lambda kind: kind.name)
@pytest.mark.parametrize("cell", [123.0, 1.234567890123457e17, 0.5, True, date(2026, 1, 2), time(9, 5)], ids=str)
def test_number_where_text_belongs_is_refused(kind: kinds.Kind, cell: Any) -> None:
    """What Excel made a number, a date or TRUE of may have lost digits, so it is refused and never turned into text."""
    with pytest.raises(Unreadable, match="请"):
        from_cell(kind, cell)


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        (kinds.Number(), 1e15, "digits-lost"),
        (kinds.Number(), date(2026, 1, 2), "date-for-number"),
        (kinds.Number(), "12 g", "not-a-number"),
        (kinds.Day(), datetime(2026, 1, 2, 3, 4), "time-in-day"),  # noqa: DTZ001  as Excel gives it
        (kinds.Day(), 46349.0, "not-a-day"),
        (kinds.Day(), 20261123.0, "not-a-day"),
        (kinds.Day(), "11/23/26", "not-a-day"),
        (kinds.Moment(), date(2026, 1, 2), "no-time"),
        (kinds.Moment(), datetime(2026, 1, 2, 3, 4, 5), "seconds"),  # noqa: DTZ001
        (kinds.Moment(), timedelta(hours=3), "not-a-moment"),
        (kinds.Flag(), 1.0, "number-for-text"),
    ],
    ids=str,
)
def test_doubtful_cell_is_refused(kind: kinds.Kind, cell: Any, code: str) -> None:
    """A cell that can be understood in two ways, or only in part, is refused by name."""
    with pytest.raises(Unreadable) as caught:
        from_cell(kind, cell)
    assert caught.value.code == code


CELLS = ("", " ", "是", "12", "１２", "2026-11-23", "2026-11-23 09:05", "A\r\nB", "O 型", 0.0, 1, 1.0, True, False, 0.5)
#: Excel knows no zones.
MOMENTS = (date(2026, 11, 23), datetime(2026, 11, 23), datetime(2026, 11, 23, 9, 5), timedelta(1))  # noqa: DTZ001


@pytest.mark.parametrize("f", BY_KIND.values(), ids=BY_KIND)
@given(pages=st.lists(st.lists(st.sampled_from((*CELLS, *MOMENTS)), min_size=1, max_size=12), min_size=1, max_size=6))
def test_column_is_read_as_its_cells(f: Field, pages: list[list[Any]]) -> None:
    """Many cells at a time mean what each of them means alone, whatever stood in the column before."""
    reader = ColumnReader(f.kind)
    for page in pages:
        values, wrong = reader.read(page)
        for place, cell in enumerate(page):
            try:
                expected, why = from_cell(f.kind, cell), None
            except Unreadable as problem:
                expected, why = None, (problem.code, problem.message)
            found = wrong.get(place)
            assert (values[place], type(values[place])) == (expected, type(expected))
            assert (found and (found.code, found.message)) == why


def test_column_remembers_only_so_much() -> None:
    """A column of a hundred thousand different texts is read without keeping them."""
    reader = ColumnReader(kinds.Text())
    for start in range(0, 20_000, 500):
        assert reader.read([f"t{number}" for number in range(start, start + 500)])[0][-1] == f"t{start + 499}"
    assert len(reader._known) <= 2500


def test_excel_dates_are_china_time() -> None:
    """A real Excel date and time means what a clock in China shows, like the same text."""
    moment = kinds.Moment()
    assert from_cell(moment, datetime(2026, 11, 23, 9, 5)) == moment.parse("2026-11-23 09:05")  # noqa: DTZ001
    assert from_cell(kinds.Day(), date(2026, 11, 23)) == date(2026, 11, 23)


@given(st.integers(0, 16_383))
def test_letters_of_columns(place: int) -> None:
    """Counting columns and naming them are inverse; the third name for 26 is AA."""
    assert place_of(letter(place)) == place
    assert (letter(0), letter(25), letter(26), letter(16_383)) == ("A", "Z", "AA", "XFD")


def test_every_field_has_its_column() -> None:
    """Every field that a person may fill stands on exactly one sheet, beside the number that links the sheets."""
    head, *groups = sheets(DECLARED)
    assert sorted(f.key for f in head.fields) == sorted(f.key for f in DECLARED.plain if not f.hidden)
    assert head.fields[0].key == "request_no"
    for plan, (_, of) in zip(groups, DECLARED.groups, strict=True):
        assert [f.key for f in plan.fields] == ["request_no", *of.fields]


def test_exported_text_is_never_computed(tmp_path: Path) -> None:
    """What anybody typed into a record goes into the export as text, also where it looks like a formula."""
    typed: dict[str, Any] = {
        "diagnosis": "=HYPERLINK(A1)",
        "indication": "+1",
        "department": "@SUM(1)",
        "bed": "-1",
        "remark": "#N/A",
    }
    path = write(tmp_path / "out.xlsx", [samples.request_values(0, **typed)])
    cells = [
        cell for row in load_workbook(path)[HEAD.title].iter_rows() for cell in row if cell.value in typed.values()
    ]
    assert sorted(str(cell.value) for cell in cells) == sorted(typed.values())
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}
    assert package.open_package(path).marks == {HEAD.title: {}, COMPONENTS.title: {}, APPROVALS.title: {}}
