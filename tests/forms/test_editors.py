"""Every field of every declaration has an editor that shows, keeps and gives back, and never has an opinion."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from bloodbank_desktop.forms.choice_editors import ChoiceEditor
from bloodbank_desktop.forms.editor_of import editor_for
from bloodbank_desktop.forms.editors import Editor
from bloodbank_desktop.forms.initials import initials
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Field, LineType
from bloodbank_desktop.records.kinds import Unreadable
from tests import papers
from tests.forms.strategies import stored
from tests.samples import NOW

pytestmark = pytest.mark.usefixtures("qapp")


def _all_fields() -> list[tuple[str, Field]]:
    found: list[tuple[str, Field]] = []

    def add(prefix: str, of: LineType) -> None:
        found.extend((f"{prefix}.{f.key}", f) for f in of.plain)
        for f, inner in of.groups:
            add(f"{prefix}.{f.key}", inner)

    for key, declared in all_records().items():
        add(key, declared)
    return found


FIELDS = _all_fields()
every_field = pytest.mark.parametrize("field", [f for _, f in FIELDS], ids=[name for name, _ in FIELDS])

#: One field of each kind, found in the declarations.
ONE_OF_EACH = list({type(f.kind): f for _, f in reversed(FIELDS)}.values())
each_kind = pytest.mark.parametrize("field", ONE_OF_EACH, ids=[f.kind.name for f in ONE_OF_EACH])


#: A value of each kind that its editor can show.
SOMETHING: dict[type[kinds.Kind], object] = {
    kinds.Text: "文字",
    kinds.Note: "两\n行",
    kinds.Person: "训练甲",
    kinds.Code: "A1",
    kinds.Choice: next(iter(next(f for _, f in FIELDS if isinstance(f.kind, kinds.Choice)).kind.table)),  # type: ignore[attr-defined]
    kinds.Choices: tuple(next(f for _, f in FIELDS if isinstance(f.kind, kinds.Choices)).kind.table)[:1],  # type: ignore[attr-defined]
    kinds.Number: Decimal(7),
    kinds.Day: NOW.date(),
    kinds.Moment: NOW,
    kinds.Flag: True,
    kinds.Files: (papers.entry(),),
}


def make(field: Field) -> Editor:
    """Return the editor of a field, in a window of its own that Python owns."""
    editor = editor_for(field, None, lambda: NOW)
    assert isinstance(editor.widget, QWidget)
    return editor


def one(kind: type[kinds.Kind]) -> Field:
    """Return a declared field of exactly this kind."""
    return next(f for f in ONE_OF_EACH if type(f.kind) is kind)


@every_field
def test_every_field_has_an_editor_that_is_found_and_named(field: Field) -> None:
    """An editor bears the field key as its name and the Chinese label as its accessible name."""
    editor = make(field)
    assert editor.widget.objectName() == field.key
    assert editor.widget.accessibleName() == field.label


@every_field
def test_an_untouched_editor_stays_empty(field: Field) -> None:
    """What nobody filled is not stated: no today, no zero, no first entry."""
    editor = make(field)
    editor.show(None)
    editor.settle()
    assert (editor.text(), editor.value()) == ("", None)


@every_field
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_was_shown_comes_back_unchanged(field: Field, data: st.DataObject) -> None:
    """A value that was only looked at is given back as the very same value, seconds and rare characters included."""
    value = data.draw(stored(field))
    editor = make(field)
    editor.show(value)
    editor.settle()
    assert editor.value() is value


@each_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_was_typed_is_what_its_kind_reads(field: Field, data: st.DataObject) -> None:
    """Typing the text of a value gives what the kind itself reads from that text."""
    value = data.draw(stored(field))
    text = field.kind.format(value)
    editor = make(field)
    editor.show(None)
    editor.show_text(text)
    if isinstance(field.kind, kinds.Choices):
        assert editor.value() == value
        return
    if isinstance(field.kind, kinds.Files):
        with pytest.raises(Unreadable):
            editor.value()
        return
    # A widget may hold another character for one that it cannot show; what it holds is what counts.
    assert editor.value() == field.kind.parse(editor.text())
    editor.settle()
    assert editor.value() == field.kind.parse(editor.text())


READS_EVERY_TEXT = (kinds.Text, kinds.Choices)
PARTICULAR = [f for f in ONE_OF_EACH if not isinstance(f.kind, READS_EVERY_TEXT) and getattr(f.kind, "standard", True)]


@pytest.mark.parametrize("field", PARTICULAR, ids=[f.kind.name for f in PARTICULAR])
def test_a_text_that_is_no_value_stays_and_is_named(field: Field) -> None:
    """An unreadable text raises, is not lost, and survives leaving the field."""
    editor = make(field)
    editor.show(None)
    editor.show_text("？无效 12-")
    editor.settle()
    with pytest.raises(Unreadable):
        editor.value()
    assert editor.text() == "？无效 12-"


@each_kind
def test_changes_are_announced(field: Field) -> None:
    """Every change of the text is announced, so that conditions and draft follow it."""
    editor = make(field)
    heard: list[bool] = []
    editor.changed.connect(lambda: heard.append(True))
    editor.show_text(field.kind.format(SOMETHING[type(field.kind)]))
    assert heard


@each_kind
def test_a_read_only_editor_cannot_be_typed_into(field: Field) -> None:
    """In a dialog that only shows, no key changes anything."""
    editor = make(field)
    editor.show(None)
    editor.set_read_only(True)
    editor.widget.show()
    for key in (Qt.Key.Key_1, Qt.Key.Key_Down, Qt.Key.Key_Semicolon, Qt.Key.Key_Space):
        QTest.keyClick(QApplication.focusWidget() or editor.widget, key)
    assert editor.text() == ""
    editor.widget.close()


def test_a_wheel_never_changes_a_choice() -> None:
    """Scrolling a page over a choice leaves its value as it is."""
    editor = make(one(kinds.Choice))
    editor.show(next(iter(editor.kind.table)))  # type: ignore[attr-defined]
    before = editor.text()
    editor.widget.show()
    wheel = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(editor.widget, wheel)
    assert editor.text() == before
    editor.widget.close()


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("2", "悬浮红细胞"),
        ("xfhxb", "悬浮红细胞"),
        ("RBC-S", "悬浮红细胞"),
        ("rbc-slr", "去白细胞悬浮红细胞"),
        ("冷沉", "冷沉淀凝血因子"),
    ],
)
def test_a_choice_is_found_by_number_initials_key_or_part(typed: str, word: str) -> None:
    """One entry is chosen without a mouse and without an input method."""
    field = next(f for name, f in FIELDS if name == "stock_in.bags.component")
    editor = make(field)
    editor.show(None)
    editor.show_text(typed)
    editor.settle()
    assert editor.text() == word


def test_an_ambiguous_text_chooses_nothing() -> None:
    """Where several entries fit, none is chosen and the person is asked."""
    editor = make(next(f for name, f in FIELDS if name == "stock_in.bags.component"))
    editor.show(None)
    editor.show_text("血浆")
    editor.settle()
    with pytest.raises(Unreadable):
        editor.value()


def test_a_group_of_one_letter_is_never_the_longer_one() -> None:
    """A typed A is A型 and not AB型."""
    editor = make(next(f for name, f in FIELDS if name == "stock_in.bags.abo"))
    editor.show(None)
    editor.show_text("a")
    editor.settle()
    assert editor.value() == "A"


def test_a_key_of_a_newer_table_is_shown_raw_and_kept() -> None:
    """A value that this version does not know is neither dropped nor guessed."""
    for kind, value in ((kinds.Choice, "from_the_future"), (kinds.Choices, ("from_the_future",))):
        editor = make(one(kind))
        editor.show(value)
        assert "«from_the_future»" in editor.text()
        assert editor.value() == value


def test_check_boxes_keep_an_unknown_key_when_another_is_added() -> None:
    """Checking a box does not lose what this version does not know."""
    field = one(kinds.Choices)
    editor = make(field)
    editor.show(("from_the_future",))
    first = next(iter(field.kind.table))  # type: ignore[attr-defined]
    editor.focus_widgets()[0].setChecked(True)  # type: ignore[attr-defined]
    assert editor.value() == (first, "from_the_future")


@pytest.mark.parametrize("modifier", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier])
def test_a_semicolon_writes_the_present_and_nothing_else_does(modifier: Qt.KeyboardModifier) -> None:
    """Now and today are written only by an explicit key."""
    for kind, text in ((kinds.Moment, "2026-11-23 09:00"), (kinds.Day, "2026-11-23")):
        editor = make(one(kind))
        editor.show(None)
        editor.widget.show()
        QTest.keyClick(editor.widget, Qt.Key.Key_Semicolon, modifier)
        assert editor.text() == text
        editor.widget.close()


def test_a_short_way_of_writing_is_settled_on_leaving() -> None:
    """A readable text is written the usual way when the person leaves the field."""
    editor = make(one(kinds.Moment))
    editor.show(None)
    editor.show_text("202611230905")
    editor.settle()
    assert editor.text() == "2026-11-23 09:05"
    assert editor.value() == datetime(2026, 11, 23, 1, 5, tzinfo=UTC)


def test_a_typed_code_never_gets_a_check_character_from_the_program() -> None:
    """A check character that nobody typed must not look as if somebody had."""
    editor = make(next(f for name, f in FIELDS if name == "stock_in.bags.donation_number"))
    editor.show(None)
    editor.show_text("A999926000007")
    editor.settle()
    assert editor.text() == "A999926000007"


def test_a_number_keeps_what_was_written_until_it_is_a_number() -> None:
    """A number editor takes any text and reads exact decimals."""
    editor = make(next(f for name, f in FIELDS if name == "transfusion_request.haematocrit"))
    editor.show(None)
    editor.show_text("３５．５")
    assert editor.value() == Decimal("35.5")


def test_typing_filters_the_list_and_enter_takes_the_entry() -> None:
    """The list of a choice shrinks with what is typed, by initials as well, and its entry is taken by key."""
    editor = make(next(f for name, f in FIELDS if name == "stock_in.bags.component"))
    assert isinstance(editor, ChoiceEditor)
    editor.show(None)
    finder = editor.box.completer()
    assert finder is not None
    finder.setCompletionPrefix("dcqbx")
    assert finder.completionCount() == 0
    finder.setCompletionPrefix("xfhxb")
    assert {finder.completionModel().index(i, 0).data() for i in range(finder.completionCount())} == {
        "悬浮红细胞",
        "去白细胞悬浮红细胞",
    }


def test_initials_are_those_of_pinyin() -> None:
    """The initials of common characters are right at both ends of every letter of GB 2312."""
    assert initials("啊座") == "az"
    assert initials("冷沉淀凝血因子") == "lcdnxyz"
    assert initials("«鼗»") == ""
