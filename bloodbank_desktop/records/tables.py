"""Code tables are data with a version and a source; the program stores keys, people read words.

A table lies in resources/tables/NAME.json: {"label", "version", "source", "entries": [{"key", "word", …facets}]}.
Two national tables give the same digit to opposite blood groups, so a key is a word-like slug of ours and the
mapping to any outside code stands in the entry, explicitly. Declarations name dozens of tables; a window that starts
reads only those whose words it shows.

`site` says what an administrator may change: nothing where a standard or the platform fixes the table, "words" where
the program or the platform acts on the keys, "entries" where the list is ours; an entry that is `kept` is never retired,
because the program itself uses it. What a site changed lies in its data file; whoever opens the file puts it in force
for this process (`InForce`). A process works on one file; two files that disagree are refused, not mixed.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from weakref import WeakSet, finalize

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.overlay import Effective, Entries, Overlay

#: Keys that a site adds look like ours.
KEYS = "^[a-z][a-z0-9_]{0,39}$"


class Site(StrEnum):
    """How much of a table an administrator may change."""

    NOTHING = "nothing"
    WORDS = "words"
    ENTRIES = "entries"


@dataclass(frozen=True)
class Facet:
    """A further fact of entries that a site may state: an entry of another table, or a number between two limits.

    A number without `places` is whole. `meaning`: it says what the key means, and stays when records use it.
    """

    key: str
    label: str
    table: str = ""
    low: str = ""
    high: str = ""
    places: int = 0
    required: bool = False
    meaning: bool = False
    help: str = ""
    #: The facet, of another table, whose entry states the unit of this number.
    unit_of: str = ""


class Table:
    """An ordered code table as it is in force; iterating gives the keys, retired ones too.

    Its file is read when the first fact of it is asked for. Raises ValueError then if the file names a key twice.
    """

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self._file = file

    @cached_property
    def _whole(self) -> Mapping[str, Any]:
        whole: Mapping[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return whole

    @cached_property
    def shipped(self) -> Entries:
        """The facts of each entry by its key, as the program brings them along."""
        entries = {entry["key"]: entry for entry in self._whole["entries"]}
        if len(entries) != len(self._whole["entries"]):
            raise ValueError(f"table {self.name} names a key twice")
        return entries

    @property
    def label(self) -> str:
        """What the table is called on the screen."""
        return str(self._whole["label"])

    @property
    def version(self) -> str:
        """Which edition it is."""
        return str(self._whole["version"])

    @property
    def source(self) -> str:
        """Where its content comes from."""
        return str(self._whole["source"])

    @cached_property
    def site(self) -> Site:
        """How much of it an administrator may change."""
        return Site(self._whole.get("site", Site.NOTHING))

    @property
    def keys(self) -> str:
        """The pattern of the keys that a site adds."""
        return str(self._whole.get("keys", KEYS))

    @property
    def keys_help(self) -> str:
        """How such a key is made, "" where it is a slug like ours."""
        return str(self._whole.get("keys_help", ""))

    @cached_property
    def facets(self) -> tuple[Facet, ...]:
        """What a site may state of an entry beside its word."""
        return tuple(Facet(**facet) for facet in self._whole.get("facets", ()))

    def __repr__(self) -> str:
        return f"Table({self.name!r})"

    @property
    def _in_force(self) -> Effective:
        return current().of(self.name, self.shipped)

    @property
    def entries(self) -> Entries:
        """All entries by key, in order."""
        # Asked a million times while a file is imported; where nobody changed anything, nothing is in between.
        overlay = _here.get() or _of_process
        return self.shipped if overlay is SHIPPED else overlay.of(self.name, self.shipped).entries

    @property
    def offered(self) -> tuple[str, ...]:
        """The keys for new records: all that are not retired."""
        return self._in_force.offered

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __contains__(self, key: object) -> bool:
        return key in self.entries

    def __len__(self) -> int:
        return len(self.entries)

    def word(self, key: str) -> str:
        """Return the word of a key; an unknown key of a newer platform is shown raw, in guillemets."""
        entry = self.entries.get(key)
        return str(entry["word"]) if entry else f"«{key}»"

    def key_of(self, word: str) -> str | None:
        """Return the key whose word this is, or None."""
        return self._in_force.keys.get(word)

    def facet(self, key: str, name: str) -> Any:
        """Return a further fact of an entry, None where the table does not state it."""
        return self.entries.get(key, {}).get(name)

    def retired(self, key: str) -> bool:
        """Return whether an entry is no longer for new records."""
        return bool(self.facet(key, "retired"))


#: The default of a choice that names no table, which a declaration refuses.
NO_TABLE = Table("", Path())


@cache
def table(name: str) -> Table:
    """Return the code table resources/tables/`name`.json, the same object however often it is asked for.

    Raises KnownProblem if the file is missing.
    """
    return Table(name, resource("tables", f"{name}.json"))


@cache
def names() -> tuple[str, ...]:
    """Return the names of all code tables of ours that hold entries."""
    found = sorted(resource("tables").glob("*.json"))
    return tuple(path.stem for path in found if "entries" in json.loads(path.read_text(encoding="utf-8")))


# -- what is in force ----------------------------------------------------------------------------------------------

#: Nothing changed by anybody.
SHIPPED = Overlay()
_lock = threading.RLock()
_holders: WeakSet[InForce] = WeakSet()
_of_process = SHIPPED
_here: ContextVar[Overlay | None] = ContextVar("tables", default=None)


def current() -> Overlay:
    """Return what is in force here: that of `using`, else that of the data file that this process works on."""
    here = _here.get()
    return _of_process if here is None else here


@contextmanager
def using(overlay: Overlay) -> Iterator[None]:
    """Read the tables by another overlay within the block, on this thread only."""
    token = _here.set(overlay)
    try:
        yield
    finally:
        _here.reset(token)


class InForce:
    """Puts the changes of one data file in force for the process, until released or dropped."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.overlay = SHIPPED
        finalize(self, _recount).atexit = False

    def put(self, overlay: Overlay) -> None:
        """From now on every table of this process is read so.

        Raises RuntimeError while another data file is open that says otherwise: its records would show wrong words.
        """
        global _of_process
        with _lock:
            for other in _holders:
                if other.file != self.file and other.overlay != overlay:
                    raise RuntimeError(f"{other.file} and {self.file} differ in code tables; open one at a time")
            for other in _holders:
                other.overlay = overlay
            self.overlay = overlay
            _holders.add(self)
            _of_process = overlay

    def release(self) -> None:
        """The file is closed; without effect a second time."""
        _holders.discard(self)
        _recount()


def _recount() -> None:
    """A holder is gone: what the others say is in force."""
    global _of_process
    with _lock:
        _of_process = next((other.overlay for other in _holders), SHIPPED)
