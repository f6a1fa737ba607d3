"""Files that records name, such as scanned papers: read beside the JSON of a record, written out again by their digest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, AddWord, profile, read, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.records.declare import RecordType


def add(word: AddWord) -> None:
    """Add the word to the grammar."""
    word("file", _file, "write a file that a record names, such as a scanned paper", "sha256", "out")


def with_files(declared: RecordType, file: Path, picked: list[Path]) -> Any:
    """Return the JSON of a file in which {"path": …}, from its own folder on, names a file; those go to `picked`."""
    from bloodbank_desktop.operations.files import entry_of, read_content, with_files_of

    def take(path: Path) -> dict[str, Any]:
        picked.append(path)
        return entry_of(read_content(path), path.name)

    return with_files_of(declared, read(file), file.parent, take)


def _file(options: argparse.Namespace) -> int:
    with profile(options) as opened:
        content = opened.desk.read_file(options.sha256)
    try:
        with options.out.open("xb") as written:
            written.write(content)
    except FileExistsError as problem:
        raise KnownProblem(f"{options.out} 已经存在，没有覆盖；请换一个文件名", code="file-exists") from problem
    except OSError as problem:
        raise KnownProblem(f"写不出 {options.out}（{problem.strerror}）", code="cannot-write") from problem
    say({"file": str(options.out), "size": len(content)})
    return YES
