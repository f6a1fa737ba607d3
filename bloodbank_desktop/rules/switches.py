"""Switches of a hospital: only where the law leaves room, each with a safe default, each change in the audit.

The table `site_switch` names them with their values and why there is room; nothing else can be switched.
"""

from __future__ import annotations

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.facts import Facts

SWITCHES = table("site_switch")


def switched(facts: Facts, key: str) -> str:
    """Return the value of a switch here. Raises KeyError for no such switch."""
    default = SWITCHES.facet(key, "default")
    if default is None:
        raise KeyError(key)
    value = facts.site.get(key, default)
    # A value that a newer table no longer knows falls back to the safe one.
    return str(value if value in SWITCHES.facet(key, "values") else default)
