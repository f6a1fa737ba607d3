"""Fills the catalogue: the one list of the rooms that hold rules; importing this module is what makes them known."""

from bloodbank_desktop.rules import (
    acceptance,
    approval,
    arrival,
    bag_rules,
    certificates,
    closing,
    completing,
    crossmatching,
    group_rules,
    handover,
    plans,
    reaction,
    receipt,
    requested,
    requesting,
    scanning,
)

ROOMS = (
    *(closing, receipt, arrival, acceptance, bag_rules, requested, group_rules, crossmatching, handover, completing),
    *(scanning, approval, requesting, reaction, certificates, plans),
)
"""The modules of rules, in the order in which their rules are asked."""
