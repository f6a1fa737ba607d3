"""Write or check the generated papers and examples: python -m tests.validation --write | --check (dev.py papers)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.validation.evidence import ROOT
from tests.validation.examples import README, readme
from tests.validation.papers import PAPERS

FOLDER = ROOT / "resources" / "help" / "safety"


def wanted() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with what must stand in it."""
    for name, make in PAPERS.items():
        yield FOLDER / name, make()
    yield README, readme(README.read_text(encoding="utf-8"))


def drifted() -> list[str]:
    """Return the files that are not what the catalogue says now."""
    return [file.name for file, text in wanted() if not file.is_file() or file.read_text(encoding="utf-8") != text]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; return 1 on drift."""
    parser = argparse.ArgumentParser(prog="python -m tests.validation", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    if parser.parse_args(arguments).write:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for file, text in wanted():
            file.write_text(text, encoding="utf-8", newline="\n")
        return 0
    for name in drifted():
        print(f"{name} differs from the rules; run dev.py papers and read the difference", file=sys.stderr)
    return 1 if drifted() else 0


if __name__ == "__main__":
    sys.exit(main())
