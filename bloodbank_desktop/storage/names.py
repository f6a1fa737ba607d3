"""How the tables and columns are called that come from declarations; the schema and bare statements agree here."""

from __future__ import annotations

#: Names of our own beside the field keys; a field key never begins with an underscore.
SEQ, ID, REVISION, DELETED = "_seq", "_id", "_revision", "_deleted_at"
#: The field of a line that names a bag.
BAG = "donation_number"


def lines_table_name(kind: str, lines_key: str) -> str:
    """Return the name of the table of one lines field."""
    return f"{kind}__{lines_key}"


def count_column(lines_key: str) -> str:
    """Return the column of the head that says how many lines it has."""
    return f"_{lines_key}_n"


def search_table(kind: str) -> str:
    """Return the name of the full-text table of a module."""
    return f"search_{kind}"
