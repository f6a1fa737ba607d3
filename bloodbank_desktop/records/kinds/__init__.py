"""A field kind knows exactly three forms of a value and the ways between them.

* **stored** – the Python value in a record: str, int, Decimal, date, aware datetime, bool, tuple; None = not stated;
* **text** – what a person sees and types;
* **wire** – the JSON value that travels to the platform and stands in files of the command line.

`parse` text → stored, `format` stored → text, `to_wire` and `from_wire`, and `check` for limits. Nothing is guessed:
a text that is not exactly a value raises `Unreadable` with a sentence that says what to type. Empty is empty (None),
never today and never 0.
"""

from __future__ import annotations

from bloodbank_desktop.records.kinds.base import Finding, Kind, Unreadable
from bloodbank_desktop.records.kinds.choices import Choice, Choices, Flag
from bloodbank_desktop.records.kinds.files import Files
from bloodbank_desktop.records.kinds.members import Lines
from bloodbank_desktop.records.kinds.quantities import Day, Moment, Number
from bloodbank_desktop.records.kinds.words import Code, Note, Person, Standard, Text

__all__ = [
    "Choice",
    "Choices",
    "Code",
    "Day",
    "Files",
    "Finding",
    "Flag",
    "Kind",
    "Lines",
    "Moment",
    "Note",
    "Number",
    "Person",
    "Standard",
    "Text",
    "Unreadable",
]
