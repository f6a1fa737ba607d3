"""Which record a person may begin from which: an order again, a delivery from its note, an issue from its request."""

from __future__ import annotations

from bloodbank_desktop.frozen import dataclass


@dataclass(frozen=True)
class Followup:
    """One thing to begin: `key` names it, `label` is its word on the button, `leads_to` the module of the draft."""

    key: str
    label: str
    leads_to: str


_KNOWN = {
    "blood_order": (Followup("again", "再订一张", "blood_order"),),
    "dispatch_note": (Followup("receive", "收货入库", "stock_in"),),
    "transfusion_request": (
        Followup("issue", "发血", "clinical_issue"),
        Followup("order", "为此申请订血", "blood_order"),
        Followup("refer", "送检", "immunohaematology_request"),
    ),
    "clinical_issue": (Followup("reaction", "报告不良反应", "adverse_reaction"),),
}


def followups(kind: str) -> tuple[Followup, ...]:
    """Return what may be begun from a record of a module."""
    return _KNOWN.get(kind, ())
