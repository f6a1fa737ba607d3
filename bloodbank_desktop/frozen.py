"""`@dataclass(frozen=True)` for the classes that every start needs, made in a third of the time.

The standard library compiles six methods for each class whenever a program starts; for the forty classes behind the
first list that is a tenth of the time until it is on the screen. Here only `__init__` is compiled and the rest is shared.
What the shared methods do not do is refuse an assignment while the program runs; the type checker does, to which this
is the decorator of the standard library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool, eq: bool = True) -> Callable[[type], type]:
        """Return the decorator; `eq` False: objects are equal only to themselves."""
        assert frozen

        def make(cls: type) -> type:
            made = dataclasses.dataclass(repr=False, eq=False)(cls)
            if "__repr__" not in cls.__dict__:
                made.__repr__ = _repr
            if eq:
                names = [f.name for f in dataclasses.fields(made) if f.compare]
                # One name alone would give its bare value, none no function at all.
                made.__compared__ = staticmethod(attrgetter(*names) if len(names) > 1 else _few(names))
                made.__eq__, made.__hash__ = _eq, _hash
            return made

        return make

    def _few(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
        return lambda one: tuple(getattr(one, name) for name in names)

    def _eq(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__compared__(self) == self.__compared__(other)

    def _hash(self: Any) -> int:
        return hash(self.__compared__(self))

    def _repr(self: Any) -> str:
        shown = [f"{f.name}={getattr(self, f.name)!r}" for f in dataclasses.fields(self) if f.repr]
        return f"{self.__class__.__qualname__}({', '.join(shown)})"
