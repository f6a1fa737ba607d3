"""Code tables are data with a version and a source; the program stores keys, people read words.

A table lies in resources/tables/NAME.json: {"label", "version", "source", "entries": [{"key", "word", …facets}]}.
Two national tables give the same digit to opposite blood groups, so a key is a word-like slug of ours and the
mapping to any outside code stands in the entry, explicitly. Declarations name dozens of tables; a window that starts
reads only those whose words it shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from bloodbank_desktop.paths import resource


class Table:
    """An ordered code table; iterating gives the keys. Its file is read when the first fact of it is asked for.

    Raises ValueError then if the file names a key twice.
    """

    def __init__(self, name: str, file: Path) -> None:
        self.name = name
        self._file = file

    @cached_property
    def _whole(self) -> Mapping[str, Any]:
        whole: Mapping[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return whole

    @cached_property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The facts of each entry, by its key."""
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

    def __repr__(self) -> str:
        return f"Table({self.name!r})"

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
        return next((key for key, entry in self.entries.items() if entry["word"] == word), None)

    def facet(self, key: str, name: str) -> Any:
        """Return a further fact of an entry, None where the table does not state it."""
        return self.entries.get(key, {}).get(name)


#: The default of a choice that names no table, which a declaration refuses.
NO_TABLE = Table("", Path())


@cache
def table(name: str) -> Table:
    """Return the code table resources/tables/`name`.json, the same object however often it is asked for.

    Raises KnownProblem if the file is missing.
    """
    return Table(name, resource("tables", f"{name}.json"))
