"""The list of all modules, in the order of the tabs; whoever needs "every record" asks here and nowhere else.

A declaration is loaded when it is first asked for: the window names every module but shows the records of one, and must
not take longer to start with every module that is added. The danger is a loop over all of them where one was meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.declare import RecordType, line_type

#: What tabs are called before their declarations are loaded; a declaration that calls itself otherwise is refused.
LABELS = {
    "blood_order": "血液预订",
    "entitlement_review": "用血审证",
    "dispatch_note": "血站发血单",
    "stock_in": "血袋入库",
    "transfusion_request": "输血申请单",
    "clinical_issue": "临床用血出库",
    "other_stock_out": "其它血袋出库",
    "donor_plan": "献血者用血计划激活",
    "adverse_reaction": "输血不良反应",
    "autologous_transfusion": "医院自体输血",
    "immunohaematology_request": "免疫血液学检测申请",
    "recall_notice": "血站召回通知",
    "near_miss": "险兆事件",
}


@cache
def _load(key: str) -> RecordType:
    """Load the declaration of a module: the class BloodOrder of records/blood_order.py for "blood_order"."""
    name = "".join(word.capitalize() for word in key.split("_"))
    declared = line_type(getattr(import_module(f"bloodbank_desktop.records.{key}"), name))
    assert isinstance(declared, RecordType)
    if (declared.key, declared.label) != (key, LABELS[key]):
        raise TypeError(
            f"{name} calls itself {declared.key}, {declared.label}; the catalogue calls it {key}, {LABELS[key]}"
        )
    return declared


class _Records(Mapping[str, RecordType]):
    """Every module by its key; asking for a value loads it, asking for keys loads nothing."""

    def __getitem__(self, key: str) -> RecordType:
        if key not in LABELS:
            raise KeyError(key)
        return _load(key)

    def __iter__(self) -> Iterator[str]:
        return iter(LABELS)

    def __len__(self) -> int:
        return len(LABELS)

    def __contains__(self, key: object) -> bool:
        return key in LABELS


_RECORDS = _Records()


def all_records() -> Mapping[str, RecordType]:
    """Return every declared module by its key, in the order of the tabs."""
    return _RECORDS


@cache
def travelling() -> Mapping[str, RecordType]:
    """Return the modules whose records go to the platform; what stays in the hospital is nobody else's business."""
    return {key: declared for key, declared in _RECORDS.items() if declared.travels}


def record_type(key: str) -> RecordType:
    """Return the module of that key. Raises KnownProblem naming the keys that exist."""
    try:
        return _RECORDS[key]
    except KeyError:
        known = "、".join(f"{k}（{label}）" for k, label in LABELS.items())
        raise KnownProblem(f"没有“{key}”这个模块；可用：{known}", code="unknown-module") from None
