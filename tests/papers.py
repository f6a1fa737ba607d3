"""Files that prove something, made for tests: small, of every kind that is kept, with a content for every name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bloodbank_desktop.operations.files import entry_of
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.declare import LineType
from bloodbank_desktop.records.files import named
from tests import samples

BEGINNINGS = {".jpg": b"\xff\xd8\xff\xe0", ".png": b"\x89PNG\r\n\x1a\n", ".pdf": b"%PDF-1.7\n"}
#: The contents of all entries that were made here, by SHA-256.
CONTENTS: dict[str, bytes] = {}


def content(seed: int = 0, suffix: str = ".pdf", size: int = 64) -> bytes:
    """Return a content of at least `size` bytes that begins as a file of this suffix does."""
    return BEGINNINGS[suffix] + b"%d " % seed + b"." * size


def entry(seed: int = 0, name: str = "身份证.pdf", suffix: str = ".pdf") -> dict[str, Any]:
    """Return how a record names such a file, and remember its content."""
    made = content(seed, suffix)
    named_so = entry_of(made, name)
    CONTENTS[named_so["sha256"]] = made
    return named_so


def pick(profile: Profile, of: LineType, values: Any) -> None:
    """Pick the files that these values name, as a person does before she saves."""
    for one in named(of, values):
        profile.desk.add_file(CONTENTS[one.entry["sha256"]], one.entry["name"])


def written(folder: Path, name: str = "身份证.pdf", seed: int = 0) -> Path:
    """Write such a file and return where it is."""
    path = folder / name
    path.write_bytes(content(seed, path.suffix))
    return path


def review(seed: int = 0, *entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an application for review whose proof of identity is shown by these files, and the others on paper."""
    whole = samples.values("entitlement_review", seed, **changes)
    first, *rest = whole["evidence"]
    return {**whole, "evidence": ({"evidence_kind": first["evidence_kind"], "files": entries}, *rest)}
