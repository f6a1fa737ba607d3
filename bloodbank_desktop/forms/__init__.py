"""Dialogs in which a person fills in, amends and reads one record; everything behind them comes through `contract`."""
