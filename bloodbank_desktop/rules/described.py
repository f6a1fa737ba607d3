"""A case described in JSON – a record and what is known around it – read exactly as the rules would meet it.

Self-check vectors and `check` speak this form, so what a hospital tries out and what it runs are the same. The danger is
a fact that is misspelt and silently missing: an unknown name, code or path is a problem, never an empty fact.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import RecordType, Values
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.records.wire import from_json
from bloodbank_desktop.rules.catalogue import MOMENT_WORDS, Moment
from bloodbank_desktop.rules.facts import Facts

#: Facts that are records of a module of their own; `before` is one of the case's own module.
RECORDS = {"request": "transfusion_request"}
#: Facts that are keys of a code table; a key that the table does not know is a mistake of the description.
CODED = {
    "event": "bag_event",
    "abo": "abo_patient",
    "rhd": "rhd_patient",
    "component": "component",
    "components": "component",
    "state": "bag_state",
    "roles": "role",
    "supplier": "supplier",
    "review_state": "review_state",
    "plan_state": "plan_state",
}
_IDENTITY = ("donation_number", "product_code", "split")
#: Of a number any fraction is a fact; which are allowed, the rules say.
_PLAIN: dict[Any, kinds.Kind] = {Decimal: kinds.Number(places=6), datetime: kinds.Moment(), date: kinds.Day()}


@dataclass(frozen=True)
class Described:
    """A case as rules meet it. `event` and `moments` are None where the description leaves them to the record."""

    declared: RecordType
    values: Values
    facts: Facts
    event: str | None = None
    moments: tuple[Moment, ...] | None = None


@cache
def cases() -> Mapping[str, Any]:
    """Return the base cases of resources/selfcheck/cases.json by name; none of them is to be changed in place."""
    whole: Mapping[str, Any] = json.loads(resource("selfcheck", "cases.json").read_text(encoding="utf-8"))
    return whole


def describe(whole: Any, kind: str = "") -> Described:
    """Return the case of a JSON object, of the module `kind` where that is given.

    It is {"values": {…}, "facts": {…}} with every field, or {"case": NAME, "changes": {…}, "facts": {…}}: a base case
    with dotted paths put over it (lines counted from 1, null empties, a further line is the next number). "record"
    names the module where no case does, "moments" when rules are asked where the record does not say. Raises Refused
    with the path of everything that cannot be read.
    """
    reader = _Reader()
    described = reader.case(whole, kind)
    if reader.found or described is None:
        raise Refused(reader.found)
    return described


class _Reader:
    """Reads one case and collects what is wrong with it."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def wrong(self, path: str, code: str, message: str) -> None:
        self.found.append(Problem(path, code, message))

    # -- the case --------------------------------------------------------------------------------------------------

    def case(self, whole: Any, kind: str) -> Described | None:
        if not isinstance(whole, Mapping):
            self.wrong("", "type", "应为一个 JSON 对象（{…}），请按使用说明的例子改正")
            return None
        for key in whole.keys() - {"case", "record", "values", "changes", "facts", "moments"}:
            self.wrong(str(key), "unknown-key", f"没有“{key}”这一项，请删除或改正名称")
        base = self._base(whole, kind)
        if base is None:
            return None
        declared = all_records()[base["record"]]
        stated = _copy(base["values"])
        known = _copy(base["facts"])
        for path, value in self._paths(whole, "changes"):
            self._put(stated, path, value, "changes.")
        for path, value in self._paths(whole, "facts"):
            self._put(known, path, value, "facts.")
        values = self._record(declared, stated, "")
        if values is None:
            return None
        facts = self._facts(known, declared, values)
        moments = self._moments(whole.get("moments"))
        return None if facts is None else Described(declared, values, facts, known.get("event"), moments)

    def _base(self, whole: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
        if "case" in whole:
            name = whole["case"]
            if "values" in whole or "record" in whole:
                self.wrong("case", "both", "写了“case”就不能再写“values”或“record”，请保留一种写法")
            found = cases().get(name) if isinstance(name, str) else None
            if found is None:
                self.wrong("case", "no-such-case", f"没有“{name}”这个例子；可用：{'、'.join(cases())}")
                return None
            if kind and found["record"] != kind:
                self.wrong("case", "other-record", f"例子“{name}”不是{all_records()[kind].label}，请换一个例子")
                return None
            base: Mapping[str, Any] = found
            return base
        name = whole.get("record", kind)
        if not isinstance(name, str) or name not in all_records():
            self.wrong("record", "unknown-module", f"没有“{name}”这个模块；可用：{'、'.join(all_records())}")
            return None
        if kind and name != kind:
            self.wrong("record", "other-record", f"此处只核对{all_records()[kind].label}，请改正“record”或删除它")
            return None
        for key in ("values", "facts"):
            if not isinstance(whole.get(key), Mapping):
                self.wrong(key, "required", f"请写明“{key}”，应为一个 JSON 对象（{{…}}）")
        return None if self.found else {"record": name, "values": whole["values"], "facts": {}}

    def _paths(self, whole: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
        paths = whole.get(key, {})
        if isinstance(paths, Mapping):
            yield from paths.items()
        else:
            self.wrong(key, "type", f"“{key}”应为一个 JSON 对象（{{…}}），请改正")

    def _put(self, tree: Any, path: str, value: Any, before: str) -> None:
        """Put a value at a dotted path; what stands between is made where it can only be an object."""
        *way, last = path.split(".")
        for step in way:
            tree = self._step(tree, step, before + path)
            if tree is None:
                return
        if isinstance(tree, dict):
            tree[last] = _copy(value)
        elif last.isdecimal() and int(last) == len(tree) + 1:
            tree.append(_copy(value))
        elif last.isdecimal() and 1 <= int(last) <= len(tree):
            tree[int(last) - 1] = _copy(value)
        else:
            self.wrong(before + path, "no-such-line", f"没有第 {last} 行，行号从 1 起，新增的行应接着写")

    def _step(self, tree: Any, step: str, path: str) -> Any:
        if isinstance(tree, dict):
            found = tree.get(step)
            if isinstance(found, dict) and set(found) == {"case"}:
                tree[step] = found = self._referred(found, path)
            if found is None:
                found = tree[step] = {}
        elif step.isdecimal() and 1 <= int(step) <= len(tree):
            found = tree[int(step) - 1]
            if found is None:
                found = tree[int(step) - 1] = {}
        else:
            self.wrong(path, "no-such-line", f"没有第 {step} 行，行号从 1 起")
            return None
        if not isinstance(found, dict | list):
            self.wrong(path, "no-such-path", f"“{step}”下面没有更多内容，请改正路径")
            return None
        return found

    def _referred(self, reference: Any, path: str) -> Any:
        """Return the values of the base case that {"case": NAME} names, and anything else as it is."""
        if not isinstance(reference, Mapping) or set(reference) != {"case"}:
            return reference
        name = reference["case"]
        if not isinstance(name, str) or name not in cases():
            self.wrong(path, "no-such-case", f"没有“{name}”这个例子；可用：{'、'.join(cases())}")
            return {}
        return _copy(cases()[name]["values"])

    def _record(self, declared: RecordType, stated: Any, path: str) -> Values | None:
        if isinstance(stated, Mapping):
            # A line that was put to null is no line.
            stated = {
                key: [one for one in item if one is not None] if isinstance(item, list) else item
                for key, item in stated.items()
            }
        values, found = from_json(declared, stated)
        whole = tidy(declared, values)
        found = found or problems(declared, whole)
        self.found += [Problem(path + one.field, one.code, one.message, one.line) for one in found]
        return None if found else whole

    def _moments(self, stated: Any) -> tuple[Moment, ...] | None:
        if stated is None:
            return None
        named = stated if isinstance(stated, list) else [stated]
        for one in named:
            if one not in MOMENT_WORDS:
                self.wrong("moments", "unknown-moment", f"没有“{one}”这个时刻；可用：{'、'.join(MOMENT_WORDS)}")
                return None
        return tuple(Moment(one) for one in named)

    # -- the facts -------------------------------------------------------------------------------------------------

    def _facts(self, known: Mapping[str, Any], declared: RecordType, values: Values) -> Facts | None:
        given: dict[str, Any] = {}
        hints = _hints(Facts)
        for key, wire in known.items():
            path = f"facts.{key}"
            if key not in hints:
                self.wrong(path, "unknown-fact", f"没有“{key}”这项事实；可用：{'、'.join(hints)}")
            elif key in RECORDS or key == "before":
                of = declared if key == "before" else all_records()[RECORDS[key]]
                referred = self._referred(wire, path)
                given[key] = None if referred is None else self._record(of, referred, f"{path}.")
            elif key == "site":
                given[key] = self._site(wire, path)
            elif _by_bag(hints[key]):
                given[key] = self._by_bag(hints[key], wire, path, values)
            else:
                given[key] = self._value(hints[key], wire, path, key)
        if given.get("now") is None:
            self.wrong("facts.now", "required", "请写明核对的时刻 now，例如 2026-11-23T09:00:00+08:00")
        return None if self.found else Facts(**given)

    def _site(self, wire: Any, path: str) -> Any:
        switches = table("site_switch")
        if not isinstance(wire, Mapping):
            return self.wrong(path, "type", "本院开关应为一个 JSON 对象（{…}），请改正")
        for key, value in wire.items():
            if key not in switches:
                self.wrong(f"{path}.{key}", "unknown-switch", f"没有“{key}”这个开关；可用：{'、'.join(switches)}")
            elif value not in switches.facet(key, "values"):
                values = "、".join(switches.facet(key, "values"))
                self.wrong(f"{path}.{key}", "unknown-value", f"开关“{key}”没有“{value}”这个值；可用：{values}")
        return dict(wire)

    def _by_bag(self, hint: Any, wire: Any, path: str, values: Values) -> Any:
        """Read a list whose entries belong to the bags of the record in their order; further ones name their bag."""
        hint = _not_none(hint)
        if wire is None:
            return None
        if not isinstance(wire, list):
            return self.wrong(path, "type", "应为列表，每袋一项，次序与血袋相同，不在库的写 null")
        of, keys = get_args(hint)[1], [bag_key(bag) for bag in values.get("bags", ())]
        told: dict[BagKey, Any] = {}
        for index, one in enumerate(wire, start=1):
            if one is None:
                continue
            here, known = f"{path}.{index}", one
            key = keys[index - 1] if index <= len(keys) else None
            if isinstance(one, Mapping) and "donation_number" in one:
                key = (str(one["donation_number"]), str(one.get("product_code", "")), str(one.get("split") or ""))
                known = {name: value for name, value in one.items() if name not in _IDENTITY}
            if key is None:
                self.wrong(here, "no-such-bag", "登记中没有第几袋与此对应，请写明 donation_number 与 product_code")
            else:
                told[key] = self._value(of, known, here, "")
        return told

    def _value(self, hint: Any, wire: Any, path: str, name: str) -> Any:
        if get_origin(hint) in (Union, UnionType):
            return None if wire is None else self._value(_not_none(hint), wire, path, name)
        if hint is str:
            return self._text(wire, path, name)
        if hint in _PLAIN:
            return self._plain(_PLAIN[hint], wire, path)
        if hint in (bool, int):
            if type(wire) is not hint:
                self.wrong(path, "type", "应为 true 或 false" if hint is bool else "应为整数")
            return wire
        if isinstance(hint, type) and is_dataclass(hint):
            return self._class(hint, wire, path)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (frozenset, tuple):
            if not isinstance(wire, list):
                return self.wrong(path, "type", "应为列表（[…]），请改正")
            return origin(
                self._value(arguments[0], one, f"{path}.{index}", name)
                for index, one in enumerate(wire, start=1)
                if one is not None
            )
        if not isinstance(wire, Mapping):
            return self.wrong(path, "type", "应为一个 JSON 对象（{…}），请改正")
        return {key: self._value(arguments[1], one, f"{path}.{key}", "") for key, one in wire.items()}

    def _text(self, wire: Any, path: str, name: str) -> Any:
        if not isinstance(wire, str):
            return self.wrong(path, "type", "此处应为文字（加引号的字符串），请改正")
        if name in CODED and wire and wire not in table(CODED[name]):
            self.wrong(path, "unknown-key", f"{table(CODED[name]).label}没有“{wire}”，请核对代码")
        return wire

    def _plain(self, kind: kinds.Kind, wire: Any, path: str) -> Any:
        try:
            value = kind.from_wire(wire)
        except Unreadable as problem:
            return self.wrong(path, problem.code, problem.message)
        if value is None:
            return self.wrong(path, "required", "请写明此项")
        for slug, message in kind.check(value):
            return self.wrong(path, slug, message)
        return value

    def _class(self, of: type, wire: Any, path: str) -> Any:
        if not isinstance(wire, Mapping):
            return self.wrong(path, "type", "应为一个 JSON 对象（{…}），请改正")
        hints = _hints(of)
        for key in sorted(wire.keys() - hints.keys()):
            self.wrong(f"{path}.{key}", "unknown-fact", f"没有“{key}”这项事实；可用：{'、'.join(hints)}")
        told = {key: self._value(hints[key], one, f"{path}.{key}", key) for key, one in wire.items() if key in hints}
        lacking = [f.name for f in fields(of) if f.default is MISSING and f.default_factory is MISSING]
        lacking = [name for name in lacking if name not in wire]
        for name in lacking:
            self.wrong(f"{path}.{name}", "required", f"请写明“{name}”")
        return None if lacking else of(**told)


def _copy(tree: Any) -> Any:
    """Return a JSON value that can be changed without changing this one; `deepcopy` takes ten times as long."""
    if isinstance(tree, Mapping):
        return {key: _copy(one) for key, one in tree.items()}
    return [_copy(one) for one in tree] if isinstance(tree, list) else tree


@cache
def _hints(of: type) -> dict[str, Any]:
    return get_type_hints(of)


def _not_none(hint: Any) -> Any:
    """Return the type beside None of `X | None`, any other type as it is."""
    if get_origin(hint) in (Union, UnionType):
        return next(one for one in get_args(hint) if one is not type(None))
    return hint


def _by_bag(hint: Any) -> bool:
    """Return whether a fact is told per bag."""
    return get_args(_not_none(hint))[:1] == (BagKey,)
