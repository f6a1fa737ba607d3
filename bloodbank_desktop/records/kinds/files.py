"""The kind of a field that names files: photos and papers that were scanned, whose bytes lie beside the records.

A value names each file by the SHA-256 of its content, so that nobody can put another paper under the same name. What a
file is, its first bytes say and never its name: a program that calls itself scan.jpg must not be opened by anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.kinds.base import Finding, Kind, Unreadable

Entry = dict[str, Any]
"""One file as a record names it: "name", "media_type", "size" in bytes, "sha256" in lower case hex."""

MOST_BYTES = 5 * 1024 * 1024
MOST_NAME = 100
#: What may be kept, with the suffix under which such a file is opened.
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
TYPE_WORDS = "JPG、PNG 图片或 PDF"
SHA256 = "^[0-9a-f]{64}$"
#: ISO/IEC 10918-1 B.1.1.3 (SOI and the next marker), ISO/IEC 15948 5.2, ISO 32000-1 7.5.2.
_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
_MEMBERS = {"name": str, "media_type": str, "size": int, "sha256": str}
_NOT_IN_NAMES = frozenset('/\\:*?"<>|')


def recognise(content: bytes) -> str | None:
    """Return the media type that the first bytes of a file show, None for any that is not kept."""
    return next((media_type for beginning, media_type in _BEGINNINGS if content.startswith(beginning)), None)


def name_problem(name: str) -> Finding | None:
    """Return what is wrong with the name of a file, None if nothing is."""
    if not name or name != name.strip() or name.strip(".") == "":
        return "file-name", "文件名不能为空，前后不能有空格，请改名后再添加"
    if len(name) > MOST_NAME:
        return "file-name", f"文件名最多 {MOST_NAME} 个字，现有 {len(name)} 个，请改短后再添加"
    if any(c in _NOT_IN_NAMES or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in name):
        return "file-name", '文件名中不能有 / \\ : * ? " < > | 或不可见的控制字符，请改名后再添加'
    return None


@dataclass(frozen=True)
class Files(Kind):
    """At most `most` files, stored as a tuple of entries (see `Entry`); its text are their names.

    The content never is part of a value: it lies in the data file, and travels to the platform by itself.
    """

    name: ClassVar[str] = "files"
    column: ClassVar[str] = "json"
    most: int = 5

    def parse(self, text: str) -> tuple[Entry, ...] | None:
        """Return None for blank. Raises Unreadable for any text: a name alone is no file."""
        if not text.strip():
            return None
        raise Unreadable("files-not-typed", "文件不能打字填写，请在登记窗口中按“添加”选取")

    def format(self, value: tuple[Entry, ...] | None) -> str:
        return "、".join(entry["name"] for entry in value or ())

    def to_wire(self, value: tuple[Entry, ...] | None) -> list[Entry] | None:
        return None if value is None else [{member: entry[member] for member in _MEMBERS} for entry in value]

    def from_wire(self, wire: Any) -> tuple[Entry, ...] | None:
        if wire is None:
            return None
        if not isinstance(wire, list):
            raise Unreadable("type", "此处应为文件的列表，请改正后再导入")
        for one in wire:
            if not isinstance(one, Mapping) or one.keys() != _MEMBERS.keys():
                raise Unreadable("type", "每个文件应写明 name、media_type、size、sha256 四项，请改正后再导入")
            # For Python a flag is a number.
            if not all(type(one[member]) is kind for member, kind in _MEMBERS.items()):
                raise Unreadable("type", "文件的 size 应为整数，其余三项应为文字，请改正后再导入")
        return tuple(dict(one) for one in wire) or None

    def check(self, value: tuple[Entry, ...]) -> Iterator[Finding]:
        if len(value) > self.most:
            yield "too-many-files", f"最多 {self.most} 个文件，现有 {len(value)} 个，请移除一些"
        if len({entry["sha256"] for entry in value}) != len(value):
            yield "file-twice", "同一个文件添加了两次，请移除一个"
        for entry in value:
            wrong = name_problem(entry["name"])
            if wrong is not None:
                yield wrong
            if entry["media_type"] not in SUFFIXES:
                yield "file-type", f"“{entry['name']}”不是 {TYPE_WORDS}，请换一个文件"
            if not 0 < entry["size"] <= MOST_BYTES:
                yield "file-size", f"“{entry['name']}”是空的或超过 {MOST_BYTES // 1024**2} MB，请换一个文件"
            if re.fullmatch(SHA256[1:-1], entry["sha256"]) is None:
                yield "file-digest", f"“{entry['name']}”的 sha256 应为 64 位小写十六进制数，请改正"

    def schema(self) -> dict[str, Any]:
        entry = {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": MOST_NAME},
                "media_type": {"type": "string", "enum": list(SUFFIXES)},
                "size": {"type": "integer", "minimum": 1, "maximum": MOST_BYTES},
                "sha256": {"type": "string", "pattern": SHA256},
            },
            "required": list(_MEMBERS),
            "additionalProperties": False,
        }
        return {"type": "array", "items": entry, "maxItems": self.most}
