"""What is installed here: versions of program, schema, data and libraries, and the digest of every file that decides.

Two installations that answer a case differently differ in one of these lines.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import sqlcipher3.dbapi2 as driver

from bloodbank_desktop import __version__, rules
from bloodbank_desktop.paths import resource
from bloodbank_desktop.storage import steps

#: Folders of resources/ whose content decides what rules say.
_DATA = ("tables", "decisions", "selfcheck")


@dataclass(frozen=True)
class Installed:
    """Versions by name, editions of the data tables by name, and SHA-256 by file."""

    versions: dict[str, str]
    tables: dict[str, str]
    digests: dict[str, str]

    @property
    def digest(self) -> str:
        """One number for all files: equal on two workstations whose rules and data are equal."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in self.digests.items())
        return hashlib.sha256(lines.encode()).hexdigest()


def installed() -> Installed:
    """Return what is installed here."""
    return Installed(
        {
            "program": __version__,
            "schema": str(steps.STEPS[-1].number),
            "python": platform.python_version(),
            "qt": _package("PySide6-Essentials"),
            "sqlite": driver.sqlite_version,
            "system": platform.platform(),
        },
        dict(_editions()),
        {name: _digest(file) for name, file in _files()},
    )


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _editions() -> Iterator[tuple[str, str]]:
    for folder in ("tables", "decisions"):
        for file in _of(folder, "*.json"):
            whole = json.loads(file.read_text(encoding="utf-8"))
            if isinstance(whole, dict) and "version" in whole:
                yield f"{folder}/{file.stem}", str(whole["version"])


def _files() -> Iterator[tuple[str, Path]]:
    for folder in _DATA:
        for file in _of(folder, "*"):
            yield f"resources/{folder}/{file.relative_to(resource(folder)).as_posix()}", file
    if getattr(sys, "frozen", False):
        # The rules lie inside the executable then.
        yield Path(sys.executable).name, Path(sys.executable)
    else:
        home = Path(next(iter(rules.__path__)))
        for file in sorted(home.glob("*.py")):
            yield f"rules/{file.name}", file


def _of(folder: str, pattern: str) -> list[Path]:
    root = resource("tables").parent / folder
    return sorted(file for file in root.rglob(pattern) if file.is_file()) if root.is_dir() else []


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
