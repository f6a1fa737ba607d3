"""A text without data identifier is read only where its shape, the profile and the field leave one meaning.

The danger is a patient number taken for a product or a group: what could be several things is named, not decoded.
Source: the recommended parse order for Chinese bags; ISBT 128 itself never decodes by content alone.

>>> from bloodbank_desktop.records.codes.profiles import named
>>> read("6200", named("cn-tolerant"), None, False).problems[0].code
'needs-field'
>>> read("6200", named("cn-tolerant"), "group", False).structures[0].fields["abo"]
'A'
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bloodbank_desktop.records.codes import blood_group, codabar, interpretation, moments, product_code
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.interpretation import Interpretation
from bloodbank_desktop.records.codes.profiles import Profile
from bloodbank_desktop.records.codes.structures import Reading, Structure, definitions

# Field kind → field of a date structure, its number without and with time.
_DATES = {
    "expiry": ("expires_at", "004", "005"),
    "collection": ("collected_at", "006", "007"),
    "production": ("produced_at", "008", "009"),
}
EXPECTED = frozenset({"donation", "group", "product", *_DATES})
_DONATION = re.compile("[0-9A-Za-z]{3}[0-9]{10}(?P<rest>[0-9A-Za-z*]{0,3})")
_NEAR_DONATION = re.compile("[0-9A-Za-z]{13}[0-9A-Za-z*]{0,3}")
_UNKNOWN = "无法识别该条码。原始内容已保留，请核对标签后人工输入。"


def read(text: str, profile: Profile, expecting: str | None, codabar_symbol: bool) -> Reading:
    """Return what a text without = or & is.

    `expecting` is the kind of the field ("donation", "group", "product", "expiry", "collection", "production") or
    None; `codabar_symbol` says that the scanner named Codabar. Never raises.
    """
    for pattern in profile.patterns:
        matched = pattern.regex.fullmatch(text)
        if matched is not None and expecting in (None, pattern.kind):
            warning = CodeProblem.warning("site-pattern", f"按本院配置的“{pattern.label}”读取。请与标签核对。")
            fields = matched.groupdict()
            return Reading((Structure(pattern.number, pattern.name, pattern.label, fields, text),), (warning,))
    if profile.codabar:
        return codabar.read(text, expecting, codabar_symbol)
    if "donation" in (*profile.bare, expecting) and _looks_like_donation(text):
        return _donation(text, profile)
    if profile.lost_zero and blood_group.lost_zero(text) and expecting in (None, "group"):
        return _lost_zero(text)
    if expecting in _DATES or (expecting is None and "moment" in profile.bare and len(text) == 12):
        return _moment(text, profile, expecting or "expiry")
    if expecting == "group":
        return _field("002", text, lambda: interpretation.group(text, profile))
    if expecting == "product":
        return _field("003", text, lambda: interpretation.product(text, profile))
    return _unread(text, profile)


def _looks_like_donation(text: str) -> bool:
    if _DONATION.fullmatch(text):
        return True
    # A letter O for a zero, or a misread digit, must be named as what it is and not called unknown.
    return bool(_NEAR_DONATION.fullmatch(text)) and sum(character.isdigit() for character in text[:13]) >= 9


def _donation(text: str, profile: Profile) -> Reading:
    number, rest = text[:13], text[13:]
    flag = rest[:2] if len(rest) >= 2 else ""
    check = rest[-1] if len(rest) in (1, 3) else None
    try:
        found = interpretation.donation(number + flag, profile, check=check)
    except CodeError as error:
        return _refused(error.code, f"读到的像是献血码：{error.message}")
    return Reading((_structure("001", text, found),), found.problems, found.repairs)


def _lost_zero(text: str) -> Reading:
    suggested = blood_group.lost_zero(text)
    shown = blood_group.format(suggested) if suggested else ""
    message = f"“{text}”像是丢了首位0的血型码“{suggested}”（{shown}）。请核对标签上的血型，确认后再用。"
    return Reading((), (CodeProblem.error("lost-zero", message),), (), suggested)


def _moment(text: str, profile: Profile, kind: str) -> Reading:
    if not re.fullmatch("[0-9]{6}|[0-9]{8}|[0-9]{10}|[0-9]{12}", text):
        return _unread(text, profile)
    field, date_only, with_time = _DATES[kind]
    number = date_only if len(text) in (6, 8) else with_time
    return _field(number, text, lambda: interpretation.dated(field, text, profile))


def _field(number: str, text: str, interpret: Callable[[], Interpretation]) -> Reading:
    try:
        found = interpret()
    except CodeError as error:
        return _refused(error.code, f"按{definitions()[number].label}读取：{error.message}")
    structure = _structure(number, text, found)
    message = f"条码没有数据标识符，按{structure.label}读取。请与标签核对。"
    problems = (CodeProblem.warning("no-identifier", message), *found.problems)
    return Reading((structure,), problems, found.repairs)


def _structure(number: str, raw: str, found: Interpretation) -> Structure:
    definition = definitions()[number]
    return Structure(
        found.number or number, found.name or definition.name, found.label or definition.label, found.fields, raw
    )


def _unread(text: str, profile: Profile) -> Reading:
    kinds = [kind for kind, fits in _shapes(text, profile).items() if fits]
    if not kinds:
        return _refused("unknown", _UNKNOWN)
    return _refused("needs-field", f"该条码没有数据标识符，像是{'或'.join(kinds)}。请在相应栏内扫描。")


def _shapes(text: str, profile: Profile) -> dict[str, bool]:
    local, short = profile.local_product_classes, profile.short_product_codes
    return {
        "献血码": bool(_DONATION.fullmatch(text)),
        "血型码": len(text) == 4 and blood_group.is_valid(text),
        "产品码": len(text) in (5, 8) and product_code.is_valid(text, local_classes=local, short=short),
        "日期": len(text) in (6, 8, 10, 12) and _is_date(text, profile),
    }


def _is_date(text: str, profile: Profile) -> bool:
    try:
        interpretation.dated("expires_at", text, profile)
    except CodeError:
        return moments.is_valid(text)
    return True


def _refused(code: str, message: str) -> Reading:
    return Reading((), (CodeProblem.error(code, message),))
