"""Fills the catalogue: the one list of the rooms that hold rules; importing this module is what makes them known."""

from bloodbank_desktop.rules import (
    bag_rules,
    closing,
    completing,
    crossmatching,
    group_rules,
    handover,
    receipt,
    requested,
)

ROOMS = (closing, receipt, bag_rules, requested, group_rules, crossmatching, handover, completing)
"""The modules of rules, in the order in which their rules are asked."""
