"""A look at the newest records before the profile is open for work: the window shows them while its rooms still load.

It reads and changes nothing. Whatever is unusual – no file, no key, a file of another version – is left to
`opening.open_profile`, which knows what to do and what to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as driver

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.tables import InForce
from bloodbank_desktop.secrets import KeyKeeper, KeyringKey, TrainingKey
from bloodbank_desktop.storage import steps, table_rows
from bloodbank_desktop.storage.connection import FILE_NAME, connect_raw, version_untouched
from bloodbank_desktop.storage.first_rows import first_rows
from bloodbank_desktop.storage.listing import ListRow


class FirstLook:
    """A connection for looking; for one thread, and closed only when the profile is open or given up."""

    def __init__(self, folder: Path, *, training: bool) -> None:
        self._connection: Any = None
        self._tables: InForce | None = None
        path = folder / FILE_NAME
        try:
            if not path.exists():
                return
            keeper: KeyKeeper = (
                TrainingKey(folder)
                if training
                else KeyringKey((folder / "profile.id").read_text(encoding="ascii").strip())
            )
            key = keeper.load()
            if key is not None and version_untouched(path, key) == steps.STEPS[-1].number:
                self._connection = connect_raw(path, key)
                # The words of the site, not ours for a moment.
                self._tables = InForce(str(path.resolve()))
                self._tables.put(table_rows.overlay(self._connection.execute(table_rows.ALL)))
        except (driver.Error, KnownProblem, OSError, ValueError):
            self.close()

    def rows(self, kind: str) -> tuple[int, list[ListRow]] | None:
        """Return how many records a module has and the newest hundred; None when that cannot be told now."""
        if self._connection is None:
            return None
        try:
            return first_rows(self._connection, kind)
        except (driver.Error, ValueError):
            return None

    def close(self) -> None:
        """Close the connection."""
        if self._tables is not None:
            self._tables.release()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
