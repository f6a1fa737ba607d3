"""Code tables are data with a version and a source; the program stores keys, people read words.

A table lies in resources/tables/NAME.json: {"label", "version", "source", "entries": [{"key", "word", …facets}]}.
Two national tables give the same digit to opposite blood groups, so a key is a word-like slug of ours and the
mapping to any outside code stands in the entry, explicitly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from bloodbank_desktop.paths import resource


@dataclass(frozen=True, eq=False)
class Table:
    """An ordered code table; iterating gives the keys."""

    name: str
    label: str
    version: str
    source: str
    entries: Mapping[str, Mapping[str, Any]] = field(repr=False)

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
NO_TABLE = Table("", "", "", "", {})


@cache
def table(name: str) -> Table:
    """Return the code table resources/tables/`name`.json. Raises KnownProblem if the file is missing."""
    whole = json.loads(resource("tables", f"{name}.json").read_text(encoding="utf-8"))
    entries = {entry["key"]: entry for entry in whole["entries"]}
    if len(entries) != len(whole["entries"]):
        raise ValueError(f"table {name} names a key twice")
    return Table(name, whole["label"], whole["version"], whole["source"], entries)
