"""What the other side has to give in training: bags with true labels, donors who do not exist, results that could be.

Numbers are computed as the standards say, so that a scanner test and a check character find nothing wrong with them;
facility and names belong to nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.records.codes import donation_number
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.training import labels
from bloodbank_desktop.training.stage import Stage

#: A facility number of no register (training only), and the characters "volunteer, not divided" of a product code.
FACILITY, KIND = "A9800", "V00"
#: What the training station has of one component for one order, by unit; what is asked beyond it is met in part.
PLENTY = {"U": Decimal(20), "ml": Decimal(4000), "治疗量": Decimal(5)}
_WHOLE_DAY = timedelta(hours=48)
_DONORS = (("张*", "son"), ("李*华", "spouse"), ("王*", "self"), ("陈*明", "sibling"), ("周*兰", "parent"))
_USUAL = {
    "abo_discrepancy": "正反定型相符，O型",
    "subgroup": "未检出亚型",
    "rhd_variant": "RhD 阳性，未检出变异型",
    "rh_phenotype": "CCDee",
    "antibody_screen": "阳性",
    "antibody_id": "检出抗-E",
    "adsorption": "放散液检出抗-E",
    "titre": "抗-E 效价 8",
    "dat": "阴性",
    "crossmatch": "以 E 抗原阴性红细胞配血，主侧相合",
    "hdn": "直抗阴性、游离阴性、放散阴性",
    "maternal": "未检出 IgG 类免疫性抗体",
    "antigen": "E 抗原阴性",
    "platelet": "未检出血小板抗体",
    "hla": "未检出 HLA 抗体",
    "genotype": "RHD*01/RHD*01",
}


def unit_of(component: str) -> str:
    """Return the unit of a component."""
    return str(table("component").facet(component, "unit"))


@cache
def products(component: str) -> tuple[tuple[str, Decimal], ...]:
    """Return product codes (8 characters) and amounts of a component, the largest bag first; () = never in stock."""
    found = table("product").shipped.items()
    of = [(f"{key}{KIND}", Decimal(entry["amount"])) for key, entry in found if entry["component"] == component]
    return tuple(sorted(of, key=lambda one: (-one[1], one[0])))


def portions(component: str, amount: Decimal) -> Iterator[tuple[str, Decimal]]:
    """Yield product code and amount of whole bags that hold at least `amount` together; none for an unknown component."""
    sizes = products(component)
    for code, size in sizes:
        while amount >= size:
            yield code, size
            amount -= size
    if amount > 0 and sizes:
        yield sizes[-1]


@dataclass(frozen=True)
class Wanted:
    """One line of an order as far as it is met."""

    component: str
    abo: str
    rhd: str
    amount: Decimal


def bags(stage: Stage, wanted: list[Wanted], most: int = 400) -> list[dict[str, Any]]:
    """Return the stored values of new bags for these lines, at most `most`: each a donation of its own, in date."""
    made: list[dict[str, Any]] = []
    for one in wanted:
        for product, amount in portions(one.component, one.amount):
            if len(made) == most:
                return made
            number = stage.count(f"donation-{china_day(stage.now):%y}")
            made.append(
                {
                    "donation_number": donation_number.validate(f"{FACILITY}{china_day(stage.now):%y}{number:06d}"),
                    "product_code": product,
                    "component": one.component,
                    "abo": one.abo,
                    "rhd": one.rhd,
                    "amount": amount,
                    "expires_at": _expiry(one.component, number, stage.now),
                }
            )
    return made


def _expiry(component: str, number: int, now: datetime) -> datetime:
    """A bag of which five to twenty-five of a hundred parts of its time have passed; labels end with a day's end."""
    whole = timedelta(hours=int(table("component").facet(component, "shelf_life_hours")))
    left = whole - whole / 20 * (number % 5 + 1)
    expires = (now + left).astimezone(CHINA).replace(second=0, microsecond=0)
    if whole > _WHOLE_DAY:
        expires = datetime.combine(expires.date() - timedelta(days=1), time(23, 59), CHINA)
    return expires


def label(bag: dict[str, Any]) -> dict[str, Any]:
    """Return what is printed on a bag: its number with the check character in the box, and its four scans."""
    return {
        "donation_number": donation_number.format(bag["donation_number"]),
        "product_code": bag["product_code"],
        "scans": labels.scans(bag),
    }


def plan(stage: Stage) -> dict[str, Any]:
    """Return the stored values of a plan for a donor who does not exist, masked as from 献血办."""
    number = stage.count("plan")
    name, relation = _DONORS[number % len(_DONORS)]
    today = china_day(stage.now)
    return {
        "plan_no": stage.number("JH"),
        "allocator": "上海市献血办公室（训练）",
        "allocated_on": today,
        "component": "RBC-SLR",
        "quota": Decimal(4),
        "valid_until": today + timedelta(days=180),
        "donor_name": name,
        "donor_id_no": f"310***********{number % 1000:03d}*",
        "donation_certificate_no": f"XX{number:08d}",
        "donated_on": today - timedelta(days=30 + number % 300),
        "donation_type": "whole",
        "beneficiary": f"受益{number % 100:02d}*",
        "relation": relation,
    }


def usual_result(test: str) -> str:
    """Return a result that a test could have."""
    return _USUAL.get(test, "未见异常")
