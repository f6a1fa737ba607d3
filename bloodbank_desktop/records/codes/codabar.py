"""A Codabar label in the ABC layout is bare digits: unit number 7, group gg0, product 7, registration 9, date 6 or 8.

The danger is that nothing in the digits says what they are: 0123453 is a unit number and a product, and 600 is a group
here and half a group elsewhere. Without start and stop characters or a field that expects it, a group is not read.
Source: the blood-bank bar-code routine of open VistA; which layout old Chinese labels used is not known.

>>> compact("d5100123a"), validate("5100123")
('5100123', '5100123')
>>> format("2112345")
'FE12345'
>>> is_valid("510"), is_valid("51"), is_valid("<510>")
(True, False, False)
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bloodbank_desktop.records.codes import blood_group
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.interpretation import Value
from bloodbank_desktop.records.codes.structures import Reading, Structure

# Start and stop characters in both alphabets that readers send.
_FRAME = re.compile(r"[A-DTNEa-dtne*](?P<data>[0-9\-$:/.+]+)[A-DTNEa-dtne*]")
_DATES = ("expiry", "collection", "production")
_LAYOUTS: Mapping[str, re.Pattern[str]] = {
    "registration": re.compile("[01][0-9]{7}1"),
    "donation": re.compile("[0-9]{7}"),
    "product": re.compile("[03][0-9]{5}3"),
    "group": re.compile("[0-9]{2}0"),
    "date": re.compile("[0-9]{6}|[0-9]{8}"),
}
_UNIT_PREFIXES = ("", "F", "G", "K", "L")
_UNIT_LETTERS = "CEFGHJKLMNPQRSTVWXYZ"


def compact(text: str) -> str:
    """Return the digits without start and stop characters."""
    framed = _FRAME.fullmatch(text.strip())
    return framed["data"] if framed else text.strip()


def validate(text: str) -> str:
    """Return the digits if at least one layout holds them; raises `CodeError` "unknown"."""
    digits = compact(text)
    if not _candidates(digits):
        raise CodeError("unknown", "不是已知版式的Codabar条码。请核对标签，或在设置中配置该供血机构的条码。")
    return digits


def is_valid(text: str) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return a unit number as the label prints it (two digits become letters); other text comes back unchanged."""
    if not _LAYOUTS["donation"].fullmatch(value):
        return value
    lead = int(value[:2])
    return _UNIT_PREFIXES[lead // 20] + _UNIT_LETTERS[lead % 20] + value[2:]


def read(text: str, expecting: str | None, symbology_known: bool) -> Reading:
    """Return what the digits of one Codabar label are in the field that expects them.

    `symbology_known` says that the scanner named Codabar; start and stop characters say the same. Never raises.
    """
    digits = compact(text)
    fits = _candidates(digits)
    if not fits:
        return _refused("unknown", "无法识别该条码。原始内容已保留，请核对标签后人工输入。")
    kind = "date" if expecting in _DATES else expecting
    if kind is not None:
        # A registration (facility) code is printed beside the unit number and belongs to the same field.
        fits = [fit for fit in fits if fit == kind or (kind == "donation" and fit == "registration")]
        if not fits:
            return _refused("other-field", "该条码不属于这一栏。请扫描标签上对应的条码。")
    elif len(fits) > 1:
        return _refused("ambiguous", "该条码可能是献血码，也可能是产品码。请在相应栏内扫描。")
    elif fits == ["group"] and not (symbology_known or digits != text.strip()):
        return _refused("needs-field", "三位数字可能是血型码。请在血型栏内扫描。")
    try:
        return _reading(fits[0], digits, text)
    except CodeError as error:
        return _refused(error.code, error.message)


def _candidates(digits: str) -> list[str]:
    return [kind for kind, layout in _LAYOUTS.items() if layout.fullmatch(digits)]


def _reading(kind: str, digits: str, raw: str) -> Reading:
    if kind == "group":
        group = blood_group.interpret(f"{digits[:2]}00")
        group_fields: dict[str, Value] = {
            "abo": group.abo,
            "rhd": group.rhd,
            "group_code": digits,
            "donation_use": group.donation_use,
            "phenotype": None,
            "message": group.message,
            "quarantine": group.quarantine,
        }
        structure = Structure("codabar-group", "Codabar Blood Group", "血型码（Codabar）", group_fields, raw)
        return Reading((structure,), blood_group.cautions(group))
    if kind == "donation":
        fields: dict[str, Value] = {"donation_number": digits, "eye_readable": format(digits)}
        return Reading((Structure("codabar-unit", "Codabar Unit Number", "献血码（Codabar）", fields, raw),), ())
    if kind == "registration":
        fields = {"facility": digits[1:8]}
        return Reading((Structure("codabar-facility", "Codabar Registration", "供血机构（Codabar）", fields, raw),), ())
    if kind == "product":
        fields = {"product_code": digits, "product_description_code": digits[1:6]}
        return Reading((Structure("codabar-product", "Codabar Product Code", "产品码（Codabar）", fields, raw),), ())
    warning = CodeProblem.warning("date-layout", "Codabar日期的年月日次序未知，未解释。请照标签输入日期。")
    return Reading(
        (Structure("codabar-date", "Codabar Date", "日期（Codabar）", {"content": digits}, raw),), (warning,)
    )


def _refused(code: str, message: str) -> Reading:
    return Reading((), (CodeProblem.error(code, message),))
