"""Which files a record or line names, found from its declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.records.kinds.files import Entry

#: The code of the problem that a file is on its way from the platform: it may be here in a moment.
COMING = "file-coming"


@dataclass(frozen=True)
class Named:
    """A file that a record names: at which field ("evidence.files"), in which line (from 1, None in the head)."""

    field: str
    line: int | None
    entry: Entry


def named(declared: LineType, values: Values) -> Iterator[Named]:
    """Yield every file that these stored values name."""
    if not declared.names_files:
        return
    for f in declared.plain:
        if isinstance(f.kind, kinds.Files):
            for entry in values.get(f.key) or ():
                yield Named(f.key, None, entry)
    for f, of in declared.groups:
        for index, member in enumerate(values.get(f.key) or (), start=1):
            for one in named(of, member):
                yield Named(f"{f.key}.{one.field}", index, one.entry)
