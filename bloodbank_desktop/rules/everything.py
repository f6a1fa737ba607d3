"""Fills the catalogue: the one list of the rooms that hold rules; importing this module is what makes them known."""

from bloodbank_desktop.rules import bag_rules, closing, crossmatching, handover, receipt

ROOMS = (closing, receipt, bag_rules, crossmatching, handover)
"""The modules of rules, in the order in which their rules are asked."""
