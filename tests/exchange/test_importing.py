"""What is wrong in a file is named by sheet, row and column; nothing is half imported; what came in goes out as one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange import importing, template, writing
from bloodbank_desktop.exchange.importing import Found
from bloodbank_desktop.operations import batches
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Verb
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.storage import bulk
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.verify import problems as verify
from tests import samples
from tests.exchange.books import DECLARED, KIND, Changed, column, requests, write
from tests.support import bare, census


def _examine(profile: Profile, path: Path, **more: Any) -> Found:
    return importing.examine(profile.desk, KIND, path, **more)


def _import(profile: Profile, path: Path, **more: Any) -> batches.Batch:
    return importing.save(profile.desk, _examine(profile, path, keep=True), **more)


def _one(found: Found) -> tuple[str, int | None, str, str]:
    assert len(found.problems) == 1, found.problems
    one = found.problems[0]
    return one.sheet, one.row, one.column, one.code


def _total(profile: Profile) -> int:
    return profile.desk.open_list(ListQuery(KIND)).total


# -- good files ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_what_comes_in(profile: Profile, tmp_path: Path) -> None:
    """A record that goes out and comes in on another machine has the same values, lines and all."""
    made = requests(3)
    batch = _import(profile, write(tmp_path / "in.xlsx", made))
    assert batch.count == 3
    with profile.store.read() as tx:
        found = list(bulk.read(tx, KIND, [1, 2, 3]))
    for before, after in zip(made, found, strict=True):
        for f in DECLARED.plain:
            assert after[f.key] == before.get(f.key), f.key
        for f, of in DECLARED.groups:
            assert after[f.key] == tuple({g.key: line.get(g.key) for g in of.plain} for line in before[f.key])


def test_import_is_like_registering_one_by_one(profile: Profile, tmp_path: Path) -> None:
    """Each imported record lies in the file, travels and is noted as if it had been typed, and the file is sound."""
    profile.desk.register(KIND, samples.request_values(90))
    batch = _import(profile, write(tmp_path / "in.xlsx", requests(2)))
    profile.desk.register(KIND, samples.request_values(91))
    assert verify(profile.store) == []
    with bare(profile.store.path.parent) as connection:
        sent = connection.execute("SELECT dseq, op, state, payload FROM outbox ORDER BY dseq").fetchall()
        noted = connection.execute("SELECT detail FROM audit WHERE action = 'register'").fetchall()
        heads = connection.execute(f"SELECT _seq, _created_by, _approvals_n FROM {KIND} ORDER BY _seq").fetchall()
    assert [(one[0], one[1], one[2]) for one in sent] == [(n, "register", "pending") for n in (1, 2, 3, 4)]
    assert [set(json.loads(one[3])) for one in sent[1:3]] == [set(json.loads(sent[0][3]))] * 2
    assert [json.loads(one[0]).get("batch") for one in noted] == [None, batch.batch_id, batch.batch_id, None]
    assert heads == [(n, "训练甲", 2) for n in (1, 2, 3, 4)]
    found = profile.desk.open_list(ListQuery(KIND, search=samples.request_values(1)["request_no"]))
    assert found.total == 1


def test_dry_run_writes_nothing(profile: Profile, tmp_path: Path) -> None:
    """Looking at a file changes not one row."""
    before = census(profile.store)
    found = _examine(profile, write(tmp_path / "in.xlsx", requests(5)), keep=True)
    assert (found.rows, found.good, found.problems) == (5, 5, ())
    assert census(profile.store) == before


def test_export_and_back_finds_every_row_registered(profile: Profile, tmp_path: Path) -> None:
    """A file that was exported here is refused row by row as existing; a search exports only what it finds."""
    _import(profile, write(tmp_path / "in.xlsx", requests(4)))
    assert writing.export(profile.desk, ListQuery(KIND), tmp_path / "out.xlsx") == 4
    found = _examine(profile, tmp_path / "out.xlsx")
    assert (found.rows, found.good) == (4, 0)
    assert [(one.row, one.code) for one in found.problems] == [(row, "exists") for row in (2, 3, 4, 5)]
    number = samples.request_values(2)["request_no"]
    assert writing.export(profile.desk, ListQuery(KIND, search=number), tmp_path / "one.xlsx") == 1
    with Changed(tmp_path / "one.xlsx") as book:
        sheet = book[DECLARED.label]
        assert (sheet.freeze_panes, sheet["A2"].value, sheet.max_row) == ("B2", number, 2)
        assert sheet.cell(2, column("申请时间")).value == "2026-11-23 07:30"
        assert sheet.cell(2, column("输血性质")).value == "常规"


def test_ten_thousand_rows(profile: Profile, tmp_path: Path) -> None:
    """Ten thousand requests come in and are undone within seconds, whole."""
    path = write(tmp_path / "many.xlsx", requests(10_000))
    began = time.monotonic()
    batch = _import(profile, path)
    assert batch.count == _total(profile) == 10_000
    assert batches.undo(profile.desk, batch.batch_id).deleted == 10_000
    assert time.monotonic() - began < 60
    assert _total(profile) == 0


# -- wrong rows ----------------------------------------------------------------------------------------------------

Change = Callable[[Workbook], None]


def _cell(label: str, value: Any, sheet: int = 0, row: int = 3) -> Change:
    def change(book: Workbook) -> None:
        book.worksheets[sheet].cell(row, column(label, sheet)).value = value

    return change


WRONG: list[tuple[str, Change, tuple[str, int, str, str]]] = [
    ("number", _cell("病案号", 123), ("输血申请单", 3, "病案号（{}）", "number-for-text")),
    ("long number", _cell("证件号码", 310199194001010014), ("输血申请单", 3, "证件号码（{}）", "number-for-text")),
    ("formula", _cell("科室", '="血液"&"科"'), ("输血申请单", 3, "科室（{}）", "formula")),
    ("error", _cell("科室", "#N/A"), ("输血申请单", 3, "科室（{}）", "error-cell")),
    ("word", _cell("性别", "M"), ("输血申请单", 3, "性别（{}）", "not-in-table")),
    ("required", _cell("临床诊断", None), ("输血申请单", 3, "临床诊断（{}）", "required")),
    ("limit", _cell("血红蛋白", 999), ("输血申请单", 3, "血红蛋白（{}）", "too-high")),
    ("rule", _cell("预定输血时间", "2020-01-01 08:00"), ("输血申请单", 3, "预定输血时间（{}）", "time-order")),
    ("twice", _cell("申请单号", "SQS00000000", 0), ("输血申请单", 3, "申请单号（{}）", "twice-in-file")),
    ("amount", _cell("数量", 0.3, 1), ("申请品种", 3, "数量（{}）", "too-low")),
    ("moment", _cell("时间", "昨天", 2, 5), ("审批", 5, "时间（{}）", "not-a-moment")),
]


@pytest.mark.parametrize(("change", "wanted"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_wrong_cell_is_named(
    change: Change, wanted: tuple[str, int, str, str], profile: Profile, tmp_path: Path
) -> None:
    """A wrong cell is named by sheet, row and column, the other rows are good, and no import takes place."""
    path = write(tmp_path / "in.xlsx", requests(3))
    with Changed(path) as book:
        change(book)
    found = _examine(profile, path, keep=True)
    sheet, row, name, code = wanted
    hits = [one for one in found.problems if (one.sheet, one.row, one.code) == (sheet, row, code)]
    assert len(hits) == 1, found.problems
    assert hits[0].column.startswith(name.partition("（")[0]) and "列）" in hits[0].column
    assert (found.rows, found.good) == (3, 2)
    before = census(profile.store)
    with pytest.raises(KnownProblem, match="没有导入任何记录"):
        importing.save(profile.desk, found)
    assert census(profile.store) == before
    assert importing.save(profile.desk, found, good_only=True).count == _total(profile) == 2


def test_line_without_record_is_named(profile: Profile, tmp_path: Path) -> None:
    """A line that names no request of the file is a problem, and so is the request that has lost it."""
    path = write(tmp_path / "in.xlsx", requests(2))
    with Changed(path) as book:
        book["申请品种"]["A3"].value = "没有这张"
    codes = {(one.sheet, one.row, one.code) for one in _examine(profile, path).problems}
    assert codes == {("申请品种", 3, "no-such-record"), ("输血申请单", 3, "too-few-lines")}


def test_existing_number_is_named(profile: Profile, tmp_path: Path) -> None:
    """A number that is registered already is refused, and becomes free when that record is deleted."""
    saved = profile.desk.register(KIND, samples.request_values(0))
    path = write(tmp_path / "in.xlsx", requests(1))
    assert _one(_examine(profile, path)) == ("输血申请单", 2, "申请单号（A 列）", "exists")
    profile.desk.delete(KIND, saved.record_id, reason="重复")
    assert _examine(profile, path).problems == ()


def _hide(book: Workbook) -> None:
    book["审批"].sheet_state = "hidden"


def _merge(book: Workbook) -> None:
    book.worksheets[0].merge_cells("B2:B3")


def _rename(book: Workbook) -> None:
    book.worksheets[0].cell(1, column("科室")).value = "部门"


def _double(book: Workbook) -> None:
    book.worksheets[0].cell(1, column("备注")).value = "科室"


def _remove(book: Workbook) -> None:
    del book["申请品种"]


def _strange(book: Workbook) -> None:
    book.create_sheet("另一张")["A1"] = "内容"


def _nameless(book: Workbook) -> None:
    book.worksheets[0].cell(3, 90).value = "没有表头"


STRUCTURE: list[tuple[Change, set[str]]] = [
    (_hide, {"hidden-sheet"}),
    (_merge, {"merged-cell"}),
    (_rename, {"unknown-column", "missing-column"}),
    (_double, {"column-twice"}),
    (_remove, {"missing-sheet"}),
    (_strange, {"unknown-sheet"}),
    (_nameless, {"no-heading"}),
]


@pytest.mark.parametrize(("change", "codes"), STRUCTURE, ids=[case[0].__name__ for case in STRUCTURE])
def test_wrong_workbook_is_named(change: Change, codes: set[str], profile: Profile, tmp_path: Path) -> None:
    """What would hide content or make it mean something else – in sheets, headings, merged cells – is named."""
    path = write(tmp_path / "in.xlsx", requests(3))
    with Changed(path) as book:
        change(book)
    found = _examine(profile, path)
    assert {one.code for one in found.problems} == codes
    assert found.good <= 1


def test_heading_is_found_wherever_it_stands(profile: Profile, tmp_path: Path) -> None:
    """Columns may be moved, empty rows and unused optional columns left out; only the headings decide."""
    path = write(tmp_path / "in.xlsx", requests(2))
    with Changed(path) as book:
        sheet = book.worksheets[0]
        sheet.move_range(f"A1:A{sheet.max_row}", cols=85)
        sheet.delete_cols(column("备注"))
        sheet.insert_rows(3)
    found = _examine(profile, path)
    assert (found.rows, found.good, found.problems) == (2, 2, ())


# -- together ------------------------------------------------------------------------------------------------------


class _PowerCutError(Exception):
    pass


def test_crash_in_the_middle_leaves_nothing(profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last part of an import fails, the parts before it are not in the file either."""
    path = write(tmp_path / "in.xlsx", requests(5))
    monkeypatch.setattr(batches, "_AT_ONCE", 2)
    real, calls = bulk.note, []

    def note(*given: Any, **more: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            raise _PowerCutError
        real(*given, **more)

    monkeypatch.setattr(bulk, "note", note)
    before = census(profile.store)
    with pytest.raises(_PowerCutError):
        _import(profile, path)
    assert len(calls) == 3
    assert census(profile.store) == before


def test_number_taken_between_look_and_save(profile: Profile, tmp_path: Path) -> None:
    """A number that another window registers after the look refuses the whole import."""
    found = _examine(profile, write(tmp_path / "in.xlsx", requests(3)), keep=True)
    profile.desk.register(KIND, samples.request_values(1))
    before = census(profile.store)
    with pytest.raises(Refused, match="SQS00000001"):
        importing.save(profile.desk, found)
    assert census(profile.store) == before


def test_file_changed_after_the_look(profile: Profile, tmp_path: Path) -> None:
    """What is imported after a dry run is the file that was looked at, or nothing."""
    path = write(tmp_path / "in.xlsx", requests(2))
    found = _examine(profile, path)
    write(path, requests(3))
    with pytest.raises(KnownProblem) as caught:
        importing.save(profile.desk, found)
    assert (caught.value.code, _total(profile)) == ("file-changed", 0)


def test_undo_takes_back_the_batch_once(profile: Profile, tmp_path: Path) -> None:
    """Undoing deletes exactly the records of the batch, each with history, outbox and audit; a second time is refused."""
    profile.desk.register(KIND, samples.request_values(90))
    batch = _import(profile, write(tmp_path / "in.xlsx", requests(3)))
    undone = batches.undo(profile.desk, batch.batch_id)
    assert (undone.deleted, undone.left, _total(profile)) == (3, (), 1)
    assert verify(profile.store) == []
    with bare(profile.store.path.parent) as connection:
        ops = [one[0] for one in connection.execute("SELECT op FROM outbox ORDER BY dseq")]
        assert connection.execute("SELECT count(*) FROM revisions").fetchone() == (3,)
    assert ops == ["register"] * 4 + ["delete"] * 3
    with pytest.raises(KnownProblem, match="已经撤销过"):
        batches.undo(profile.desk, batch.batch_id)
    again = _examine(profile, tmp_path / "in.xlsx")
    assert again.good == 3


def test_undo_does_not_take_what_was_changed(profile: Profile, tmp_path: Path) -> None:
    """A batch with a changed record is not undone, and the record is named; the person may leave it and undo the rest."""
    batch = _import(profile, write(tmp_path / "in.xlsx", requests(3)))
    row = profile.desk.page(profile.desk.open_list(ListQuery(KIND, search="SQS00000001")), 0)[0]
    profile.desk.amend(KIND, row.record_id, {**samples.request_values(1), "bed": "99"})
    before = census(profile.store)
    with pytest.raises(Refused, match=r"SQS00000001.*训练甲 修改过"):
        batches.undo(profile.desk, batch.batch_id)
    assert census(profile.store) == before
    undone = batches.undo(profile.desk, batch.batch_id, leave_changed=True)
    assert (undone.deleted, len(undone.left), _total(profile)) == (2, 1, 1)


@pytest.mark.parametrize("kind", sorted(all_records()))
def test_only_declared_modules_exchange(kind: str, profile: Profile, tmp_path: Path) -> None:
    """Import, export and template exist exactly where the declaration says so."""
    declared = all_records()[kind]
    acts: dict[Verb, list[Callable[[], object]]] = {
        Verb.EXPORT: [lambda: writing.export(profile.desk, ListQuery(kind), tmp_path / "out.xlsx")],
        Verb.IMPORT: [
            lambda: template.write_template(declared, tmp_path / "t.xlsx"),
            lambda: importing.examine(profile.desk, kind, tmp_path / "t.xlsx"),
        ],
    }
    for verb, all_acts in acts.items():
        for act in all_acts:
            if verb in declared.verbs:
                act()
            else:
                with pytest.raises(KnownProblem, match=declared.label) as caught:
                    act()
                assert caught.value.code == "verb-not-allowed"
