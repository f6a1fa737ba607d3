"""A product code is αoooo t ds: five characters name the product, one the kind of collection, two the division.

The danger is one bag for two: divisions of one donation differ only in the last two characters, so all eight identify.
Source: ICCBBA ST-001 v6.2.2 section 2.4.3 and table 7. What a code means is data of the supplier, not shipped here.

>>> validate("=<E0869VA0")
'E0869VA0'
>>> code = interpret("E0869VA0")
>>> code.product_description_code, code.collection_type, code.division
('E0869', 'V', 'A0')
>>> interpret("T1295003").division
'003'
>>> is_valid("Z4382V00"), is_valid("e0869VA0")
(False, False)
"""

from __future__ import annotations

import re
from functools import cache

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.codes.characters import without_separators
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.reference import table

_SHAPE = re.compile("[A-Z][A-Z0-9]{4}[A-Za-z0-9][A-Z0-9][a-z0-9]")
# In these classes the last three characters are one division number and no kind of collection.
_DIVISION_OF_THREE = "MNRTVW"
_LOCAL_LABEL = "供血机构本地产品"
_CAUTIONS = {
    "biohazard": "生物危害：请将血袋隔离并核对。",
    "research": "仅供科研：不得用于输血，请将血袋隔离。",
    "special-testing": "请再扫描特殊检测码。",
}


@dataclass(frozen=True)
class ProductCode:
    """A product code taken apart; `product_class` is English, None where the class is the supplier's own."""

    product_code: str
    product_description_code: str
    product_class: str | None
    collection_type: str | None
    division: str | None


def compact(text: str) -> str:
    """Return the code without data identifier, blanks and hyphens; the case of letters has meaning."""
    return without_separators(text).removeprefix("=<")


def validate(text: str, *, local_classes: str = "", short: bool = False) -> str:
    """Return the code: 8 characters, or with `short` also a class letter and 4 digits.

    `local_classes` are first letters that a supplier uses beyond the standard. Raises `CodeError`: "length",
    "letter-case", "format", "class-letter".
    """
    content = compact(text)
    brief = short and len(content) == 5
    if len(content) != 8 and not brief:
        raise CodeError("length", f"产品码应为8位，这里有{len(content)}位。请重新扫描。")
    if re.fullmatch("[a-z]", content[0]):
        raise CodeError("letter-case", "产品码首位是小写字母。请关闭大写锁定后重新扫描。")
    if not (re.fullmatch("[A-Z][0-9]{4}", content) if brief else _SHAPE.fullmatch(content)):
        raise CodeError("format", "产品码的字符不合规则。请重新扫描；如开着大写锁定，请先关闭。")
    if content[0] not in _classes() and content[0] not in local_classes:
        raise CodeError("class-letter", f"产品码首位“{content[0]}”不在标准中。请核对标签；国内血袋码请选用国内配置。")
    return content


def is_valid(text: str, *, local_classes: str = "", short: bool = False) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text, local_classes=local_classes, short=short)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return the code as the label prints it, in one piece."""
    return compact(value)


def is_standard(content: str) -> bool:
    """Return whether the standard itself knows the length and the class letter of a valid code."""
    return len(content) == 8 and content[0] in _classes()


def interpret(text: str, *, local_classes: str = "", short: bool = False) -> ProductCode:
    """Return the code taken apart; raises what `validate` raises."""
    content = validate(text, local_classes=local_classes, short=short)
    product_class = None if content[0] in local_classes else _classes()[content[0]]
    if len(content) == 5:
        return ProductCode(content, content, product_class, None, None)
    if content[0] in _DIVISION_OF_THREE and content[0] not in local_classes:
        return ProductCode(content, content[:5], product_class, None, content[5:])
    return ProductCode(content, content[:5], product_class, content[5], content[6:])


def collection_type_label(collection_type: str) -> str | None:
    """Return the Chinese name of a kind of collection, None when the table does not know it.

    >>> collection_type_label("V"), collection_type_label("Z")
    ('无偿献血（异体）', None)
    """
    row = _collection_types().get(collection_type)
    return row["label"] if row else None


def is_restricted(content: str) -> bool:
    """Return whether a valid code says that only one recipient may get the bag; a local code of five says nothing.

    >>> is_restricted("E6170100"), is_restricted("E6170V00")
    (True, False)
    """
    if not is_standard(content):
        return False
    row = _collection_types().get(content[5])
    return bool(row and row.get("restricted"))


def cautions(code: ProductCode) -> tuple[CodeProblem, ...]:
    """Return the warnings a person must see before a bag with this code is stored."""
    found: list[CodeProblem] = []
    if code.product_class is None:
        message = f"产品码首位“{code.product_code[0]}”按{_LOCAL_LABEL}读取。请核对标签上的血液品种。"
        found.append(CodeProblem.warning("class-letter", message))
    if len(code.product_code) == 5:
        found.append(CodeProblem.warning("short-product-code", "产品码只有5位，不含分袋号。请核对是否有多袋同码。"))
    if code.collection_type is None or code.product_class in (None, "national or local"):
        return tuple(found)
    row = _collection_types().get(code.collection_type)
    if row is None:
        message = f"采集类型“{code.collection_type}”不在标准表中。请按标签核对。"
        found.append(CodeProblem.warning("collection-type", message))
    elif row["caution"]:
        found.append(CodeProblem.warning(row["caution"], f"采集类型“{row['label']}”。{_CAUTIONS[row['caution']]}"))
    return tuple(found)


@cache
def _classes() -> dict[str, str]:
    return {row["letter"]: row["class"] for row in table("isbt128", "product_codes.json")["classes"]}


@cache
def _collection_types() -> dict[str, dict[str, str]]:
    return {row["type"]: row for row in table("isbt128", "product_codes.json")["collection_types"]}
