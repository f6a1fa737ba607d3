"""Which sheets and headings a module has in Excel: one sheet with a row per record, one sheet per group of lines.

A request has some seventy fields, but as many lines as it likes. Flattened on one sheet, a second component would
either repeat seventy cells, which then contradict each other, or need columns "品种 1 … 品种 30", which nobody can sort
or filter. So each group of lines has a sheet of its own, and every row of it begins with the record's number – the way
a ward's clerk keeps a patient list and an order list. The number links the sheets and therefore has to be stated in a
file, also where a dialog would allot one. Headings are the labels of the declaration, cells hold words and never codes.
"""

from __future__ import annotations

from dataclasses import dataclass

from bloodbank_desktop.records.declare import Field, LineType, RecordType

RULES_SHEET = "说明"
CHOICES_SHEET = "选项"
MUST, MAYBE = "（必填）", "（按情况填）"

_FORBIDDEN = set("[]:*?/\\")
_LONGEST_TITLE = 31


@dataclass(frozen=True)
class Sheet:
    """One sheet: `group` is the lines field that it holds, None for the sheet of the records themselves.

    The first of `fields` is the record's number on every sheet.
    """

    title: str
    fields: tuple[Field, ...]
    group: Field | None = None

    def must(self, place: int) -> bool:
        """Return whether every row needs this column."""
        return place == 0 or self.fields[place].required is True

    def heading(self, place: int) -> str:
        """Return the heading with the mark that says whether the column must be filled, as a template shows it."""
        f = self.fields[place]
        return f.label + (MUST if self.must(place) else MAYBE if callable(f.required) else "")


def bare(heading: str) -> str:
    """Return the label in a heading, with or without a mark."""
    text = heading.strip()
    for mark in (MUST, MAYBE):
        text = text.removesuffix(mark)
    return text.strip()


def number_field(declared: RecordType) -> Field:
    """Return the field that numbers the records of a module for people."""
    numbered = [f for f in declared.plain if f.serial is not None]
    return numbered[0] if numbered else declared.fields[declared.title[0]]


def sheets(declared: RecordType) -> tuple[Sheet, ...]:
    """Return the sheets of a module, the one of the records first. Raises TypeError for labels that cannot be used."""
    number = number_field(declared)
    keys = [key for _, section in declared.sections for key in section]
    plain = {f.key: f for f in declared.plain}
    head = tuple(plain[key] for key in keys if key in plain and key != number.key)
    found = [Sheet(declared.label, (number, *head))]
    for f, of in declared.groups:
        found.append(Sheet(f.label, (number, *(g for g in of.plain if not g.hidden)), f))
    titles = [sheet.title for sheet in found]
    for sheet in found:
        labels = [f.label for f in sheet.fields]
        if len(set(labels)) != len(labels):
            raise TypeError(f"{declared.key}: two columns of {sheet.title} have the same heading")
        if len(sheet.title) > _LONGEST_TITLE or _FORBIDDEN & set(sheet.title):
            raise TypeError(f"{declared.key}: {sheet.title!r} cannot be the name of a sheet")
    if len({*titles, RULES_SHEET, CHOICES_SHEET}) != len(titles) + 2:
        raise TypeError(f"{declared.key}: two sheets have the same name")
    return tuple(found)


def line_type_of(declared: RecordType, group: Field) -> LineType:
    """Return the type of the lines of a group."""
    return next(of for f, of in declared.groups if f.key == group.key)


def letter(place: int) -> str:
    """Return the letters of a column counted from 0: A, Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def place_of(letters: str) -> int:
    """Return the column counted from 0 of its letters."""
    place = 0
    for one in letters:
        place = place * 26 + ord(one) - ord("A") + 1
    return place - 1
