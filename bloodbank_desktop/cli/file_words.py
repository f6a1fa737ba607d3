"""Files that records name, such as scanned papers: read beside the JSON of a record, written out again by their digest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, AddWord, profile, read, say
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.files import COMING

if TYPE_CHECKING:
    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.records.declare import RecordType


def add(word: AddWord) -> None:
    """Add the word to the grammar."""
    file = word("file", _file, "write a file that a record names, from the platform if need be", "sha256", "out")
    file.add_argument("--platform", default="", metavar="URL", help="instead of the address of the settings")


def with_files(declared: RecordType, file: Path, picked: list[Path]) -> Any:
    """Return the JSON of a file in which {"path": …}, from its own folder on, names a file; those go to `picked`."""
    from bloodbank_desktop.operations.files import entry_of, read_content, with_files_of

    def take(path: Path) -> dict[str, Any]:
        picked.append(path)
        return entry_of(read_content(path), path.name)

    return with_files_of(declared, read(file), file.parent, take)


def _fetched(opened: Profile, options: argparse.Namespace) -> bytes:
    """Return a file that lies on the platform, after one run of the network lane. Raises KnownProblem."""
    from bloodbank_desktop.wiring import NetworkLane

    try:
        lane = NetworkLane(opened)
    except KnownProblem as problem:
        if problem.code != "sync-busy":
            raise
        words = "正在从平台取回这个文件：本机打开的窗口正在同步，请过半分钟再执行一次"
        raise KnownProblem(words, code=COMING) from problem
    try:
        lane.connect(options.platform)
        report = lane.engine.run_once()
    finally:
        lane.close()
    opened.dispatch.note_trouble("" if report.success else report.error)
    return opened.desk.read_file(options.sha256, ask=False)


def _file(options: argparse.Namespace) -> int:
    with profile(options) as opened:
        try:
            content = opened.desk.read_file(options.sha256)
        except KnownProblem as problem:
            if problem.code not in (COMING, "file-not-now"):
                raise
            content = _fetched(opened, options)
    try:
        with options.out.open("xb") as written:
            written.write(content)
    except FileExistsError as problem:
        raise KnownProblem(f"{options.out} 已经存在，没有覆盖；请换一个文件名", code="file-exists") from problem
    except OSError as problem:
        raise KnownProblem(f"写不出 {options.out}（{problem.strerror}）", code="cannot-write") from problem
    say({"file": str(options.out), "size": len(content)})
    return YES
