"""Every field of every declaration under a name for the test report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Field, LineType, RecordType, Verb

Values = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Place:
    """A field of a module; `group` is the key of the lines that it stands in, "" for the head."""

    module: RecordType
    group: str
    holder: LineType
    field: Field

    @property
    def path(self) -> str:
        """The field as a problem names it."""
        return f"{self.group}.{self.field.key}" if self.group else self.field.key

    @property
    def line(self) -> int | None:
        """The line that tests damage."""
        return 1 if self.group else None

    def value(self, values: Mapping[str, Any]) -> Any:
        """Return the field's value in a record, of the first line where it stands in lines."""
        return self.holding(values).get(self.field.key)

    def holding(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the mapping that holds the field: the record or its first line, nothing where there is no line."""
        if not self.group:
            return values
        return values[self.group][0] if values.get(self.group) else {}

    def there(self, values: Mapping[str, Any]) -> bool:
        """Return whether the record has a place for the field: a line where it stands in lines."""
        return not self.group or bool(values.get(self.group))

    def put(self, values: Mapping[str, Any], value: Any, key: str | None = None) -> Values:
        """Return the record with another value here (or at another key beside it)."""
        changed = {**self.holding(values), key or self.field.key: value}
        return {**values, self.group: (changed, *values[self.group][1:])} if self.group else changed


def _places() -> Iterator[Place]:
    for module in all_records().values():
        for f in module.plain:
            yield Place(module, "", module, f)
        for group, of in module.groups:
            for f in of.plain:
                yield Place(module, group.key, of, f)


PLACES = tuple(_places())
NAMES = [f"{place.module.key}.{place.path}" for place in PLACES]
#: Whoever states it says that the record must not be: the form asks it so that the refusal has a place.
REFUSES = frozenset({"clinical_issue.bags.visual_defects"})
STATED = tuple(place for place, name in zip(PLACES, NAMES, strict=True) if name not in REFUSES)
STATED_NAMES = [name for name in NAMES if name not in REFUSES]
MODULES = tuple(all_records().values())
TRAVELLING = tuple(module for module in MODULES if module.travels)
LOCAL = tuple(module for module in MODULES if not module.travels)
APPEND_ONLY = tuple(module for module in MODULES if module.append_only)
REGISTERED = tuple(module for module in MODULES if Verb.REGISTER in module.verbs)
FORBIDDEN = [(module, verb) for module in MODULES for verb in Verb if verb not in module.verbs]
