"""The content of each data structure becomes fields with names of the standard; what breaks its rule has no fields.

The danger is a field that looks read and was guessed: a tolerance of the profile always leaves a warning behind.
Source: ICCBBA ST-001 v6.2.2 sections 2.4.1–2.4.40.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from bloodbank_desktop.records.codes import (
    antigens,
    blood_group,
    check_characters,
    donation_number,
    moments,
    product_code,
)
from bloodbank_desktop.records.codes.characters import upper
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.profiles import Profile

Value = str | int | bool | None | datetime

# The structures that hold a date, with or without a time.
DATED = ("004", "005", "006", "007", "008", "009")


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The fields of one structure and what there is to say about them.

    `number`, `name` and `label` replace those of the standard where the content follows a national habit instead.
    """

    fields: Mapping[str, Value]
    problems: tuple[CodeProblem, ...] = ()
    repairs: tuple[CodeProblem, ...] = ()
    number: str | None = None
    name: str | None = None
    label: str | None = None


# Kind of moment → number of the national structure, English name, Chinese label.
_CALENDAR = {
    "expires_at": ("CN-expiry", "Chinese Expiration Date", "失效时间（年月日）"),
    "collected_at": ("CN-collection", "Chinese Collection Date", "采集时间（年月日）"),
    "produced_at": ("CN-production", "Chinese Production Date", "制备时间（年月日）"),
}


def donation(content: str, profile: Profile, *, check: str | None = None) -> Interpretation:
    """Return the fields of 13 characters, or of 15 with flags; `check` is a check character K that came along.

    A wrong checksum leaves the fields and an error "check-character", so that the screen can show what was scanned.
    Raises `CodeError` for content outside the alphabet.
    """
    capital = upper(content)
    number, flag = capital[:13], capital[13:] or None
    donation_number.check_number(number, leading_zero=profile.leading_zero_facility)
    problems: list[CodeProblem] = []
    try:
        if flag is not None:
            donation_number.check_flag(number, flag)
        if check is not None:
            donation_number.validate(number + upper(check), leading_zero=profile.leading_zero_facility)
    except CodeError as error:
        if error.code != "check-character":
            raise
        problems.append(CodeProblem.error(error.code, error.message))
    meaning = donation_number.flag_meaning(flag) if flag is not None else None
    if flag is not None and meaning is None:
        problems.append(CodeProblem.warning("flag-reserved", f"献血码标志位“{flag}”含义未定。请核对是否扫了血袋标签。"))
    fields: dict[str, Value] = {
        "donation_number": number,
        "facility": number[:5],
        "year": number[5:7],
        "sequence": number[7:],
        "flag": flag,
        "flag_meaning": meaning,
        "check_character": check_characters.character(number),
    }
    repairs: tuple[CodeProblem, ...] = ()
    if content + (check or "") != capital + upper(check or ""):
        repairs = (CodeProblem.warning("letter-case", "献血码中的小写字母已改为大写。请检查扫码枪或大写锁定。"),)
    if number[0] == "0":
        problems.append(CodeProblem.warning("leading-zero", "献血码首位为0，不合ISBT 128，已按国内血袋码读取。"))
        name, label = "Chinese Donation Number", "献血码（国内）"
        return Interpretation(fields, tuple(problems), repairs, "CN-donation", name, label)
    return Interpretation(fields, tuple(problems), repairs)


def group(content: str, profile: Profile) -> Interpretation:
    """Return the fields of a blood-group code ggre; raises what `blood_group.validate` raises."""
    _exact(content, blood_group.compact(content))
    read = blood_group.interpret(content)
    return Interpretation(asdict(read), blood_group.cautions(read))


def product(content: str, profile: Profile) -> Interpretation:
    """Return the fields of a product code as the profile allows it; raises what `product_code.validate` raises."""
    _exact(content, product_code.compact(content))
    short, local = profile.short_product_codes, profile.local_product_classes
    code = product_code.interpret(content, local_classes=local, short=short)
    kind = code.collection_type
    fields: dict[str, Value] = {
        **asdict(code),
        "collection_type_label": product_code.collection_type_label(kind) if kind and code.product_class else None,
    }
    if product_code.is_standard(code.product_code):
        return Interpretation(fields, product_code.cautions(code))
    return Interpretation(
        fields, product_code.cautions(code), (), "CN-product", "Chinese Product Code", "产品码（国内）"
    )


def dated(field: str, content: str, profile: Profile) -> Interpretation:
    """Return the time of cyyjjj, cyyjjjhhmm or, where the profile allows it, YYYYMMDD or YYYYMMDDhhmm.

    A day without a time ends at 23:59 as an expiry and begins at 00:00 otherwise: shelf life is never made longer.
    """
    end = field == "expires_at"
    if len(content) in (8, 12) and profile.calendar_dates:
        number, name, label = _CALENDAR[field]
        read = moments.calendar(content, end_of_day=end)
        warning = CodeProblem.warning("calendar-date", "日期按年月日读取，不是ISBT 128格式。请与标签核对。")
        return Interpretation({field: read, "time_stated": len(content) == 12}, (warning,), (), number, name, label)
    return Interpretation({field: moments.at(content, end_of_day=end), "time_stated": len(content) == 10})


def _exact(content: str, compacted: str) -> None:
    # What a person may type with blanks and hyphens, a code never contains.
    if content != compacted:
        raise CodeError("format", "条码内容中有多余的字符。请重新扫描。")


def _flexible(content: str, profile: Profile) -> Interpretation:
    field, read = moments.flexible(content)
    return Interpretation({field: read, "time_stated": True, "content": content})


def _month(content: str, profile: Profile) -> Interpretation:
    return Interpretation({"expires_at": moments.month_end(content), "time_stated": False})


def _birth(content: str, profile: Profile) -> Interpretation:
    return Interpretation({"location": content[:2], "birth_date": moments.birth_day(content[2:]).isoformat()})


def _antigens(content: str, profile: Profile) -> Interpretation:
    return Interpretation(dict(antigens.interpret(content)))


def _counted(content: str, head: int) -> Interpretation:
    return Interpretation({"count": int(content[:head]), "content": content[head:]})


def _registry(content: str, profile: Profile) -> Interpretation:
    number, stated = content[:17], content[17:]
    problems: tuple[CodeProblem, ...] = ()
    if stated != f"{check_characters.checksum(number):02}":
        problems = (CodeProblem.error("check-character", "供者登记号校验不符，可能读错一位。请重新扫描。"),)
    return Interpretation({"donor_number": number, "checksum": stated}, problems)


def _divisions(content: str, profile: Profile) -> Interpretation:
    return Interpretation({"division": content})


def _dated(field: str) -> Callable[[str, Profile], Interpretation]:
    return lambda content, profile: dated(field, content, profile)


_SPECIAL: Mapping[str, Callable[[str, Profile], Interpretation]] = {
    "001": donation,
    "002": group,
    "003": product,
    "004": _dated("expires_at"),
    "005": _dated("expires_at"),
    "006": _dated("collected_at"),
    "007": _dated("collected_at"),
    "008": _dated("produced_at"),
    "009": _dated("produced_at"),
    "012": _antigens,
    "024": _birth,
    "026": _month,
    "029": lambda content, profile: _counted(content, 2),
    "030": lambda content, profile: _counted(content, 3),
    "031": _flexible,
    "032": _divisions,
    "039": _registry,
}


def interpret(number: str, pattern: re.Pattern[str], content: str, profile: Profile) -> Interpretation:
    """Return the fields of the content of data structure `number`.

    Structures without a rule of their own give the named groups of their pattern. Raises `CodeError`, "format" for
    content outside the pattern.
    """
    special = _SPECIAL.get(number)
    if number in ("001", "002", "003") and special is not None:
        # These modules say more exactly than a pattern which character is wrong, and know the profile.
        return special(content, profile)
    if number in DATED and profile.calendar_dates and len(content) in (8, 12):
        return _SPECIAL[number](content, profile)
    matched = pattern.fullmatch(content)
    if matched is None:
        raise CodeError("format", "字符不合该类条码的规则。请重新扫描。")
    if special is not None:
        return special(content, profile)
    return Interpretation(matched.groupdict())
