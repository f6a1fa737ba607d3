"""WHAT a record is: field kinds, declarations, validation, wire form, code tables and code standards. No Qt, no SQL."""
