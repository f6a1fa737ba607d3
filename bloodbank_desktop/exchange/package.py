"""Is this an Excel file that may be read at all, and where in it are cells that do not hold what they show?

The reader behind us gives an empty text for a formula that was never computed and for an error like #N/A, and it sets
aside memory for everything between the first and the last cell. So every sheet is looked through before: formulas,
errors, cells far outside, and members that unpack to more than they should. Nothing is unpacked to the disk.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.exchange.sheets import place_of

MOST_BYTES = 150_000_000
MOST_UNPACKED = 1_500_000_000
MOST_ROWS, MOST_COLUMNS = 300_000, 130
_MOST_MARKS = 5000
_CHUNK = 1 << 20
_MOST_ROW_BYTES = 4 << 20
_SMALL = 10_000_000
_OLE = bytes.fromhex("D0CF11E0A1B11AE1")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

FORMULA, ERROR = "formula", "error-cell"

_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])([^>]*)>")
_REFERENCE = re.compile(rb"\br=[\"']([A-Z]+)(\d+)[\"']")
_ERROR = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=[\"']e[\"'][^>]*)>")
_FORMULA = re.compile(rb"<(?:\w+:)?c\s([^>]*)>\s*<(?:\w+:)?f[\s/>]")
#: Where none of these stands is neither a name with a prefix nor a formula nor an error, and no closer look is needed.
_PREFIX_SIGN = re.compile(rb":[cf]")
_FORMULA_SIGN = re.compile(rb"<f")
_ERROR_SIGN = re.compile(rb"=[\"']e")
#: A cell with content beyond column DZ or row 299,999; what has only a format (…/>) takes no room.
_FAR = re.compile(rb" r=\"(?:[A-Z]{3,}\d+|[E-Z][A-Z]\d+|[A-Z]+(?:[3-9]\d{5}|\d{7,}))\"[^>]*(?<!/)>(?!</(?:\w+:)?c>)")


@dataclass(frozen=True)
class Package:
    """The bytes of a workbook that may be read; `marks` are the cells not to be believed, by sheet, row and column.

    Rows count from 1, columns from 0; `digest` identifies the bytes.
    """

    content: bytes = field(repr=False)
    digest: str = ""
    marks: dict[str, dict[int, dict[int, str]]] = field(default_factory=dict)


def open_package(path: Path) -> Package:
    """Read a file and look through it. Raises KnownProblem with a sentence for whatever is not a sound .xlsx."""
    content = _read(path)
    if content[:8] == _OLE:
        # The directory of such a file names its streams in UTF-16.
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise KnownProblem("文件加了密码，不能读取；请在 Excel 中取消密码后另存，再导入", code="encrypted")
        raise KnownProblem("这是旧版 .xls 文件；请在 Excel 中另存为 .xlsx（Excel 工作簿）后再导入", code="old-excel")
    if content[:2] != b"PK":
        raise KnownProblem(
            "这不是 .xlsx 文件（例如 CSV、网页或改了扩展名的文件）；请在 Excel 中另存为 .xlsx 后再导入", code="not-xlsx"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return Package(content, hashlib.sha256(content).hexdigest(), _look_through(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as problem:
        raise KnownProblem(
            f"文件已损坏，不能读取；请在 Excel 中打开后另存再导入（{problem}）", code="damaged-file"
        ) from problem
    except (ElementTree.ParseError, DefusedXmlException, KeyError, ValueError) as problem:
        raise KnownProblem(
            "文件不是完整的 Excel 工作簿；请在 Excel 中打开后另存为 .xlsx 再导入", code="not-xlsx"
        ) from problem


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise KnownProblem("文件太大（超过 150 MB），请分成几个文件后再导入", code="too-large")
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise KnownProblem(f"没有文件 {path}，请核对文件名", code="no-such-file") from problem
    except OSError as problem:
        raise KnownProblem(
            f"读不到文件 {path}（{problem.strerror}）；若已在 Excel 中打开，请先关闭", code="no-such-file"
        ) from problem


def _look_through(archive: zipfile.ZipFile) -> dict[str, dict[int, dict[int, str]]]:
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names:
        raise KnownProblem(
            "这不是 Excel 工作簿（可能是 Word、WPS 或其它压缩文件）；请另存为 .xlsx 后再导入", code="not-xlsx"
        )
    if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
        raise KnownProblem("文件解开后过大，可能已损坏或是恶意文件，没有读取；请分成几个文件", code="too-large")
    return {title: _marks(archive, member, title) for title, member in _sheet_members(archive, names)}


def _small(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _SMALL:
        raise KnownProblem("文件的目录部分异常地大，没有读取；请在 Excel 中另存后再导入", code="too-large")
    return archive.read(name)


def _sheet_members(archive: zipfile.ZipFile, names: set[str]) -> Iterator[tuple[str, str]]:
    relations = {
        one.attrib["Id"]: one.attrib["Target"]
        for one in ElementTree.fromstring(_small(archive, "xl/_rels/workbook.xml.rels"))
    }
    for one in ElementTree.fromstring(_small(archive, "xl/workbook.xml")).iter():
        if one.tag.rpartition("}")[2] == "sheet":
            target = relations[one.attrib[_RELATION]]
            member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if member not in names:
                raise KeyError(member)
            yield one.attrib["name"], member


def _marks(archive: zipfile.ZipFile, member: str, title: str) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    count = 0
    for part in _rows_of(archive, member):
        if far := _FAR.search(part):
            where = _REFERENCE.search(far.group())
            name = b"".join(where.groups()).decode() if where else ""
            raise KnownProblem(
                f"工作表“{title}”的 {name} 处还有内容，超出可读的范围"
                f"（{MOST_ROWS:,} 行、{MOST_COLUMNS} 列）；请删除多余的行列后再导入",
                code="too-many-cells",
            )
        prefixed = _PREFIX_SIGN.search(part) is not None
        _refuse_without_place(part, title, prefixed)
        for code, pattern, sign in ((ERROR, _ERROR, _ERROR_SIGN), (FORMULA, _FORMULA, _FORMULA_SIGN)):
            if sign.search(part) is None and not (prefixed and code == FORMULA):
                continue
            for cell in pattern.finditer(part):
                place = _REFERENCE.search(cell.group(1))
                if place is not None and count < _MOST_MARKS:
                    found.setdefault(int(place.group(2)), {})[place_of(place.group(1).decode())] = code
                    count += 1
        if count >= _MOST_MARKS:
            raise KnownProblem(
                f"工作表“{title}”中有 {_MOST_MARKS:,} 个以上的公式或错误值；请全选、复制，再“选择性粘贴—数值”后导入",
                code="too-many-formulas",
            )
    return found


def _refuse_without_place(part: bytes, title: str, prefixed: bool) -> None:
    """A cell that does not say where it stands would stand somewhere else for us than for Excel."""
    placed = part.count(b'<c r="')
    if placed == part.count(b"<c") and not prefixed:
        return
    cells = part.count(b"<c") - part.count(b"<col") + part.count(b":c ") + part.count(b":c>")
    if cells == placed:
        return
    for cell in _CELL.finditer(part):
        # Written with other quotes or in another order, its place would escape the look at what lies far outside.
        if not _REFERENCE.search(cell.group(1)) or b' r="' not in cell.group(1):
            raise KnownProblem(
                f"工作表“{title}”的单元格没有写明位置；请用 Excel 打开并另存后再导入", code="cells-without-place"
            )


def _rows_of(archive: zipfile.ZipFile, member: str) -> Iterator[bytes]:
    """Yield a sheet in pieces that end between two cells, at least."""
    rest = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            rest += chunk
            end = -1
            for tag in (b"<c ", b"<row", b":c ", b":row"):
                # Only what lies further back matters; a tag that never comes would be looked for in the whole chunk.
                end = max(end, rest.rfind(tag, end + 1))
            # Before the tag itself: a name with a prefix begins earlier.
            end = rest.rfind(b"<", 0, end + 1)
            if end > 0:
                yield rest[:end]
                rest = rest[end:]
            if len(rest) > _MOST_ROW_BYTES:
                raise KnownProblem("文件中有一格异常地大，没有读取；请在 Excel 中检查后另存再导入", code="too-large")
    yield rest
