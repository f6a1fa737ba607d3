"""The list of all modules, in the order of the tabs; whoever needs "every record" asks here and nowhere else."""

from __future__ import annotations

from functools import cache

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.adverse_reaction import AdverseReaction
from bloodbank_desktop.records.autologous_transfusion import AutologousTransfusion
from bloodbank_desktop.records.blood_order import BloodOrder
from bloodbank_desktop.records.clinical_issue import ClinicalIssue
from bloodbank_desktop.records.declare import RecordType, line_type
from bloodbank_desktop.records.dispatch_note import DispatchNote
from bloodbank_desktop.records.donor_plan import DonorPlan
from bloodbank_desktop.records.entitlement_review import EntitlementReview
from bloodbank_desktop.records.immunohaematology_request import ImmunohaematologyRequest
from bloodbank_desktop.records.other_stock_out import OtherStockOut
from bloodbank_desktop.records.recall_notice import RecallNotice
from bloodbank_desktop.records.stock_in import StockIn
from bloodbank_desktop.records.transfusion_request import TransfusionRequest

MODULES = (
    BloodOrder,
    EntitlementReview,
    DispatchNote,
    StockIn,
    TransfusionRequest,
    ClinicalIssue,
    OtherStockOut,
    DonorPlan,
    AdverseReaction,
    AutologousTransfusion,
    ImmunohaematologyRequest,
    RecallNotice,
)


@cache
def all_records() -> dict[str, RecordType]:
    """Return every declared module by its key."""
    found: dict[str, RecordType] = {}
    for cls in MODULES:
        declared = line_type(cls)
        assert isinstance(declared, RecordType)
        if declared.key in found:
            raise TypeError(f"two modules are called {declared.key}")
        found[declared.key] = declared
    return found


def record_type(key: str) -> RecordType:
    """Return the module of that key. Raises KnownProblem naming the keys that exist."""
    try:
        return all_records()[key]
    except KeyError:
        known = "、".join(f"{k}（{t.label}）" for k, t in all_records().items())
        raise KnownProblem(f"没有“{key}”这个模块；可用：{known}", code="unknown-module") from None
