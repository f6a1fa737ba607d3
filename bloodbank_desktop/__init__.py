"""Bloodbank Desktop: the workstation of a hospital transfusion department, offline first."""

__version__ = "0.1.0"
