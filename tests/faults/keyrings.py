"""Keyrings for tests; `PYTHON_KEYRING_BACKEND=tests.faults.keyrings.Notebook` gives one to a process."""

from __future__ import annotations

from typing import Any

from keyring.backend import KeyringBackend


class Notebook(KeyringBackend):
    """Keeps secrets readable, as back ends that write plain text do."""

    # Never chosen by itself.
    priority: Any = -1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.forgets = False

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if not self.forgets:
            self.kept[service, username] = password
