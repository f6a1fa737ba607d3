"""One bag of blood, as it stands in the lines of every module: identified by donation number + product code + split.

A donation number alone is not a bag: several components and splits share it. What the label said is kept as scanned,
beside what was read from it (WS/T 866 血液产品基本信息; 临床输血技术规范第十九条).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bloodbank_desktop.records.codes import bag_label, donation_number
from bloodbank_desktop.records.declare import Values, block, choice, choices, code, moment, note, number, text
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table

ENTRY_WAY = table("entry_way")
COMPONENT = table("component")

BagKey = tuple[str, str, str]
"""Donation number (13 characters), product code (8, of a local list 5), split ("" when undivided)."""


@block
class BagIdentity:
    """Which bag it is, and what it holds."""

    donation_number: str = code(
        "献血码", standard=bag_label.DONATION_NUMBER, required=True, fixed=True, search=True, wire="donationCode"
    )
    product_code: str = code("产品码", standard=bag_label.PRODUCT_CODE, required=True, fixed=True, wire="productCode")
    split: str | None = text("分袋号", most=20, default=None, fixed=True)
    component: str = choice("血液品种", COMPONENT, required=True, fixed=True, wire="bloodComponentCode")
    abo: str = choice("ABO 血型", table("abo"), required=True, fixed=True)
    rhd: str = choice("RhD 血型", table("rhd"), required=True, fixed=True)


@block
class BagBlock(BagIdentity):
    """The facts of a bag label and how they came into the program."""

    amount: Decimal = number("数量", low="0.5", high="10000", places=1, required=True, fixed=True)
    collected_at: datetime | None = moment("采血时间", default=None, fixed=True)
    expires_at: datetime = moment("失效时间", required=True, fixed=True, wire="expiresAt")
    label_message: str | None = text("袋签提示", most=40, default=None, hidden=True, wire="labelMessage")
    entry: str = choice("录入方式", ENTRY_WAY, required=True, fixed=True)
    scans: str | None = note(
        "原始扫描",
        default=None,
        hidden=True,
        required=lambda v: v.get("entry") == "scanned",
        shown=lambda v: v.get("entry") != "typed_twice",
    )
    check_character: str | None = text(
        "校验字符",
        most=1,
        default=None,
        required=lambda v: v.get("entry") == "check_character",
        shown=lambda v: v.get("entry") == "check_character",
        wire="checkCharacter",
    )
    second_entry: str | None = text(
        "第二次录入",
        most=16,
        default=None,
        required=lambda v: v.get("entry") == "typed_twice",
        shown=lambda v: v.get("entry") == "typed_twice",
        wire="secondEntry",
    )


@block
class TestedBag(BagBlock):
    """A bag with what its label says of its red-cell antigens and its processing, and for whom it alone is meant.

    An antigen that stands in neither list was not tested, which is never the same as negative.
    """

    antigens_positive: tuple[str, ...] | None = choices(
        "抗原阳性", table("antigen"), default=None, fixed=True, wire="antigensPositive"
    )
    antigens_negative: tuple[str, ...] | None = choices(
        "抗原阴性", table("antigen"), default=None, fixed=True, wire="antigensNegative"
    )
    attributes: tuple[str, ...] | None = choices("处理标记", table("processing"), default=None, fixed=True)
    restricted_to: str | None = text("限定患者病案号", most=32, default=None, fixed=True, wire="restrictedTo")


def bag_key(bag: Values) -> BagKey:
    """Return what identifies the bag of these values."""
    return bag["donation_number"], bag["product_code"], bag.get("split") or ""


def bag_name(key: BagKey) -> str:
    """Return a bag as a person reads it aloud."""
    donation, product, split = key
    return " ".join(part for part in (donation_number.format(donation), product, split) if part)


def no_bag_twice(values: Values) -> Iterator[Problem]:
    """A record holds each bag once."""
    seen: dict[BagKey, int] = {}
    for index, bag in enumerate(values["bags"], start=1):
        first = seen.setdefault(bag_key(bag), index)
        if first != index:
            message = f"第 {index} 行与第 {first} 行是同一袋 {bag_name(bag_key(bag))}，请删除一行"
            yield Problem("bags.donation_number", "bag-twice", message, index)


def one_answer_per_antigen(bag: Values) -> Iterator[Problem]:
    """An antigen is positive or negative, not both."""
    both = set(bag.get("antigens_positive") or ()) & set(bag.get("antigens_negative") or ())
    if both:
        words = "、".join(table("antigen").word(key) for key in table("antigen") if key in both)
        yield Problem("antigens_negative", "antigen-twice", f"{words} 同时写为阳性和阴性，请核对袋签")


def times_in_order(bag: Values) -> Iterator[Problem]:
    """A bag is collected before it expires."""
    collected, expires = bag.get("collected_at"), bag["expires_at"]
    if collected is not None and collected >= expires:
        yield Problem("collected_at", "time-order", "采血时间应早于失效时间，请核对袋签")
