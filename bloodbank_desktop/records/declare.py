"""Everything about a field is said once, on the field; everything about a module once, in its `@record`.

From a declaration come table, list, search, dialog, wire form, contract, command line and the generic tests. The
danger is a second place that knows a label or a rule: it will disagree one day, and the screen will show one thing and
the platform receive another. Conditions are plain functions of the values, never a language of their own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, fields, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, dataclass_transform

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.kinds import Finding, Kind
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import NO_TABLE, Table

#: The value of the facet `signed` for the person who saves the record.
OPERATOR = "operator"

Values = Mapping[str, Any]
"""Stored values by field key; lines are tuples of such mappings; a missing key means not stated."""

Condition = Callable[[Values], bool]
T = TypeVar("T")


class Verb(StrEnum):
    """What a person can do with records of a module."""

    LIST = "list"
    REGISTER = "register"
    AMEND = "amend"
    VIEW = "view"
    DELETE = "delete"
    ACTIVATE = "activate"
    IMPORT = "import"
    EXPORT = "export"


VERB_WORDS = {
    Verb.LIST: "列表",
    Verb.REGISTER: "登记",
    Verb.AMEND: "修改",
    Verb.VIEW: "查看",
    Verb.DELETE: "删除",
    Verb.ACTIVATE: "激活",
    Verb.IMPORT: "导入",
    Verb.EXPORT: "导出",
}


@dataclass(frozen=True)
class Field:
    """One field: all its facets.

    `column` is the width of its list column in average characters, None = not in the list. `fresh` names what a new
    dialog shows at once, for the person to see and change ("now" or a table key). `serial` is the prefix of a number
    that the operation allots when the person leaves the field empty. `hidden` fields are filled by the program.
    A `fixed` field keeps its value once the record is registered; fixed lines are neither added, removed nor moved.
    A `signed` field names a person who must be there: OPERATOR is whoever is signed in and saves, any other word is the
    purpose for which a second person signs at the same screen; nobody types such a name.
    `links` names what a value identifies ("request", "patient" …): records that state the same value belong together.
    `wire` is the name on the wire, by default the key in camelCase.
    """

    label: str
    kind: Kind
    key: str = ""
    wire: str = ""
    required: bool | Condition = False
    shown: Condition | None = None
    search: bool = False
    column: int | None = None
    fresh: str | None = None
    serial: str | None = None
    hidden: bool = False
    fixed: bool = False
    signed: str = ""
    links: tuple[str, ...] = ()
    help: str = ""

    def is_shown(self, values: Values) -> bool:
        """Return whether the field has a meaning for these values."""
        return self.shown is None or bool(self.shown(values))

    def is_required(self, values: Values) -> bool:
        """Return whether the field must be stated for these values."""
        if not self.is_shown(values):
            return False
        return self.required if isinstance(self.required, bool) else bool(self.required(values))


def _specify(label: str, kind: Kind, default: Any, facets: dict[str, Any]) -> Any:
    return field(default=default, metadata={"field": Field(label, kind, **facets)})


def text(label: str, *, most: int = 200, default: Any = None, **facets: Any) -> Any:
    """Declare one line of free text."""
    return _specify(label, kinds.Text(most), default, facets)


def note(label: str, *, most: int = 2000, default: Any = None, **facets: Any) -> Any:
    """Declare free text of several lines."""
    return _specify(label, kinds.Note(most), default, facets)


def person(label: str, *, default: Any = None, **facets: Any) -> Any:
    """Declare a person's name."""
    return _specify(label, kinds.Person(), default, facets)


def code(label: str, *, standard: Any = None, most: int = 50, default: Any = None, **facets: Any) -> Any:
    """Declare a code of a standard (a module of records/codes)."""
    return _specify(label, kinds.Code(standard, most), default, facets)


def choice(label: str, table: Table, *, default: Any = None, **facets: Any) -> Any:
    """Declare one entry of a code table."""
    return _specify(label, kinds.Choice(table), default, facets)


def choices(label: str, table: Table, *, default: Any = None, **facets: Any) -> Any:
    """Declare any number of entries of a code table."""
    return _specify(label, kinds.Choices(table), default, facets)


def number(
    label: str,
    *,
    low: str | None = None,
    high: str | None = None,
    places: int = 0,
    unit: str = "",
    step: str | None = None,
    default: Any = None,
    **facets: Any,
) -> Any:
    """Declare an exact number with its limits, decimals and unit."""
    limits = [None if limit is None else Decimal(limit) for limit in (low, high, step)]
    return _specify(label, kinds.Number(limits[0], limits[1], places, unit, limits[2]), default, facets)


def day(label: str, *, default: Any = None, **facets: Any) -> Any:
    """Declare a calendar day."""
    return _specify(label, kinds.Day(), default, facets)


def moment(label: str, *, default: Any = None, **facets: Any) -> Any:
    """Declare a moment to the minute."""
    return _specify(label, kinds.Moment(), default, facets)


def flag(label: str, *, words: tuple[str, str] = ("否", "是"), default: Any = None, **facets: Any) -> Any:
    """Declare yes or no."""
    return _specify(label, kinds.Flag(words), default, facets)


def files(label: str, *, most: int = 5, default: Any = None, **facets: Any) -> Any:
    """Declare files that prove something: photos and scanned papers."""
    return _specify(label, kinds.Files(most), default, facets)


def lines(label: str, *, of: type, least: int = 0, most: int = 500, default: Any = (), **facets: Any) -> Any:
    """Declare lines of a class made with `@line`."""
    return _specify(label, kinds.Lines(of, least, most), default, facets)


Check = Callable[[Values], Iterable[Problem]]
Lock = Callable[[Values], str | None]
"""Of the values of the platform's answer: why a person may no longer change the record, None while she may."""


class Look(NamedTuple):
    """What a check needs of a field: `must` = a person may have to state it, `conditional` = it may have no meaning."""

    key: str
    check: Callable[[Any], Iterable[Finding]]
    must: bool
    conditional: bool
    field: Field


@dataclass(frozen=True)
class LineType:
    """What `@line` says of a line class. `sections` arrange its fields in an editor."""

    cls: type
    fields: Mapping[str, Field]
    checks: tuple[Check, ...] = ()
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @cached_property
    def plain(self) -> tuple[Field, ...]:
        """The fields that are not lines."""
        return tuple(f for f in self.fields.values() if not isinstance(f.kind, kinds.Lines))

    @cached_property
    def groups(self) -> tuple[tuple[Field, LineType], ...]:
        """The lines fields, each with the type of its lines."""
        return tuple((f, line_type(f.kind.of)) for f in self.fields.values() if isinstance(f.kind, kinds.Lines))

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """The plain fields as a check needs them, ready to hand: the values of one file are millions."""
        return tuple(
            # An allotted number is missing until the operation allots it.
            Look(f.key, f.kind.check, f.required is not False and f.serial is None, f.shown is not None, f)
            for f in self.plain
        )

    @cached_property
    def linked(self) -> tuple[Field, ...]:
        """The plain fields whose values identify something that other records name, too."""
        return tuple(f for f in self.plain if f.links)

    @cached_property
    def signed(self) -> tuple[Field, ...]:
        """The plain fields that name a person who must sign."""
        return tuple(f for f in self.plain if f.signed)

    @cached_property
    def names_files(self) -> bool:
        """Whether records or lines of this type can name files."""
        plain = any(isinstance(f.kind, kinds.Files) for f in self.plain)
        return plain or any(of.names_files for _, of in self.groups)

    @cached_property
    def searched(self) -> tuple[Field, ...]:
        """The plain fields that the search box looks into."""
        return tuple(f for f in self.plain if f.search)


@dataclass(frozen=True)
class RecordType(LineType):
    """What `@record` says of a module."""

    key: str = ""
    label: str = ""
    title: tuple[str, ...] = ()
    verbs: frozenset[Verb] = frozenset()
    newest_by: str = ""
    help: str = ""
    answer: LineType | None = None
    locked: Lock | None = None
    activation: tuple[str, ...] = ()
    travels: bool = True

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields that are list columns, in the order of declaration."""
        return tuple(f for f in self.plain if f.column is not None)

    @property
    def append_only(self) -> bool:
        """Whether no record of this module is ever changed or removed, which the database file itself enforces."""
        return not self.verbs & {Verb.AMEND, Verb.DELETE, Verb.ACTIVATE}

    def name_of(self, values: Values) -> str:
        """Return the short name of one record for messages and titles."""
        return " ".join(self.fields[key].kind.format(values.get(key)) for key in self.title).strip()


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _gathered(cls: type[T]) -> type[T]:
    """Let the class know its fields, those that it inherits first.

    Nobody makes objects of it, since values travel as mappings; methods that nobody calls were nine tenths of the time
    that a declaration takes to load.
    """
    return dataclasses.dataclass(init=False, repr=False, eq=False, match_args=False)(cls)


def _collect(cls: type) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for attribute in fields(cls):
        declared = attribute.metadata.get("field")
        if declared is None:
            raise TypeError(f"{cls.__name__}.{attribute.name} is not declared with a field kind")
        found[attribute.name] = replace(declared, key=attribute.name, wire=declared.wire or _camel(attribute.name))
        if isinstance(declared.kind, kinds.Choice | kinds.Choices) and declared.kind.table is NO_TABLE:
            raise TypeError(f"{cls.__name__}.{attribute.name} chooses from no table")
        if declared.fresh and declared.hidden:
            raise TypeError(f"{cls.__name__}.{attribute.name}: a hidden field cannot be shown fresh")
    names = [f.wire for f in found.values()]
    if len(set(names)) != len(names):
        raise TypeError(f"{cls.__name__} uses a wire name twice")
    return found


def _sections(
    cls: type, found: Mapping[str, Field], sections: Iterable[tuple[str, str]]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    split = tuple((title, tuple(keys.split())) for title, keys in sections)
    placed = [key for _, keys in split for key in keys]
    wanted = [key for key, f in found.items() if not f.hidden]
    if split and sorted(placed) != sorted(wanted):
        raise TypeError(f"{cls.__name__}: sections and fields differ in {sorted(set(placed) ^ set(wanted))}")
    return split or (("", tuple(wanted)),)


# Type checkers read the specifiers only as a literal tuple, hence three times.
@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(text, note, person, code, choice, choices, number, day, moment, flag, files, lines),
)
def block(cls: type[T]) -> type[T]:
    """Make a class of fields that records share by inheriting from it (patient block, bag block)."""
    return _gathered(cls)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(text, note, person, code, choice, choices, number, day, moment, flag, files, lines),
)
def line(*, checks: Iterable[Check] = (), sections: Iterable[tuple[str, str]] = ()) -> Callable[[type[T]], type[T]]:
    """Declare a class whose objects are lines of a record. Raises TypeError for a contradiction."""

    def make(cls: type[T]) -> type[T]:
        made = _gathered(cls)
        found = _collect(made)
        made.__declared__ = LineType(made, found, tuple(checks), _sections(made, found, sections))  # type: ignore[attr-defined]
        return made

    return make


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(text, note, person, code, choice, choices, number, day, moment, flag, files, lines),
)
def record(
    *,
    key: str,
    label: str,
    verbs: Iterable[Verb],
    title: Iterable[str],
    newest_by: str,
    checks: Iterable[Check] = (),
    sections: Iterable[tuple[str, str]] = (),
    help: str = "",
    answer: type | None = None,
    locked: Lock | None = None,
    activation: Iterable[str] = (),
    travels: bool = True,
) -> Callable[[type[T]], type[T]]:
    """Declare a module. Raises TypeError for a contradiction.

    `newest_by` is the field whose newest values a list shows first; `answer` the class, made with `@line`, of what the
    platform says of a record; `locked` tells from it when people may no longer change the record; `activation` are the
    fields that the one-way activation fills. Records of a module that does not travel stay in this hospital: the
    platform never hears of them.
    """

    def make(cls: type[T]) -> type[T]:
        made = _gathered(cls)
        found = _collect(made)
        for name in (*title, newest_by, *activation):
            if name not in found or isinstance(found[name].kind, kinds.Lines):
                raise TypeError(f"{cls.__name__} has no plain field {name!r}")
        for f in found.values():
            if f.signed and Verb.AMEND in set(verbs) and not f.fixed:
                raise TypeError(f"{cls.__name__}.{f.key} is signed and could be changed without its person")
        if not travels and (answer or locked or activation or {Verb.ACTIVATE, Verb.IMPORT} & set(verbs)):
            # An answer needs somebody who answers, and an import is bound together by its numbers in the upload queue.
            raise TypeError(f"{cls.__name__} does not travel and can be neither answered, activated nor imported")
        made.__declared__ = RecordType(  # type: ignore[attr-defined]
            made,
            found,
            tuple(checks),
            _sections(made, found, sections),
            key,
            label,
            tuple(title),
            frozenset(verbs) | {Verb.LIST},
            newest_by,
            help,
            line_type(answer) if answer is not None else None,
            locked,
            tuple(activation),
            travels,
        )
        return made

    return make


def line_type(cls: type) -> LineType:
    """Return what was declared of a class made with `@line` or `@record`. Raises TypeError for any other class."""
    declared = cls.__dict__.get("__declared__")
    if not isinstance(declared, LineType):
        raise TypeError(f"{cls.__name__} is not declared with @line or @record")
    return declared
