"""The code tables are read before the first example, so that no generated example is slow because it came first."""

import pytest

from bloodbank_desktop.records.codes import profiles, scan


@pytest.fixture(scope="session", autouse=True)
def tables_are_read() -> None:
    """Read every table once."""
    for text in ("=G12341765432170=%6200=<E6170V00", "=\\880000008700000000", "&aX"):
        assert scan.read(text, profiles.DEFAULT).ok
