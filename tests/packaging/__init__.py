"""Checks of what leaves the developer's machine: the wheel, the pinned versions, the set-up script."""
