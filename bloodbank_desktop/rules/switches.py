"""Switches of a hospital: only where the law leaves room, each with a safe default, each change in the audit.

The table `site_switch` names them with their values and why there is room; nothing else can be switched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.facts import Facts

SWITCHES = table("site_switch")


def switched(facts: Facts, key: str) -> str:
    """Return the value of a switch here. Raises KeyError for no such switch."""
    return value_of(facts.site, key)


def value_of(site: Mapping[str, Any], key: str) -> str:
    """Return the value of a switch where these were ever set. Raises KeyError for no such switch."""
    default = SWITCHES.facet(key, "default")
    if default is None:
        raise KeyError(key)
    value = site.get(key, default)
    # A value that a newer table no longer knows falls back to the safe one.
    return str(value if value in SWITCHES.facet(key, "values") else default)
