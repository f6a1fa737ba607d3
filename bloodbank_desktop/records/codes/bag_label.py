"""The codes of a bag label as this country prints them: ISBT 128, and what looks like it and is not.

A donation number here may begin with 0 and then bears no check character, a product code may be of class P, D or Z and
have five characters (both seen on real labels). The danger is strictness that sends a good bag back; whoever records
one sees the warning of the scan. A code is classified and never corrected: a letter O for a zero, a wrong check
character or a class that nobody uses stays refused.

>>> DONATION_NUMBER.validate("0030123999901")
'0030123999901'
>>> PRODUCT_CODE.validate("Z4382")
'Z4382'
>>> sorted(stating("expires_at"))
['004', '005', 'CN-expiry']
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bloodbank_desktop.records.codes import donation_number, product_code
from bloodbank_desktop.records.tables import table

if TYPE_CHECKING:
    # Every declaration stands on this module, and none of them needs to read a label.
    from bloodbank_desktop.records.codes.interpretation import Value
    from bloodbank_desktop.records.codes.structures import Structure

#: Classes of product codes that ISBT 128 gives to other things than blood, used by blood centres here.
LOCAL_CLASSES = "PDZ"

#: Flags of a donation number that say: tubes, records, samples, match label – never the bag itself.
NOT_ON_BAGS = frozenset({"06", "07", "08", "09", "10", "11"})

# Number of the structure → its fields that state a field of the bag. A structure that is missing here (a container lot,
# the expiry month of a kit, a production date) may stand on a bag and speaks of something else.
_STATED: Mapping[str, Mapping[str, str]] = {
    number: states
    for numbers, states in {
        ("001", "CN-donation", "codabar-unit"): {"donation_number": "donation_number"},
        ("002", "codabar-group"): {"abo": "abo", "rhd": "rhd", "message": "label_message"},
        ("003", "CN-product", "codabar-product"): {"product_code": "product_code"},
        ("004", "005", "CN-expiry"): {"expires_at": "expires_at"},
        ("006", "007", "CN-collection"): {"collected_at": "collected_at"},
        ("012",): {"positive": "antigens_positive", "negative": "antigens_negative"},
        ("032",): {"division": "split"},
    }.items()
    for number in numbers
}


def stating(key: str) -> frozenset[str]:
    """Return the numbers of the structures that state this field of a bag."""
    return frozenset(number for number, states in _STATED.items() if key in states.values())


def stated(structure: Structure) -> dict[str, Value | tuple[str, ...]]:
    """Return what a structure states of its bag, by field of the bag; what it leaves open, such as RhD, is not there."""
    states = _STATED.get(structure.number, {})
    found: dict[str, Value | tuple[str, ...]] = {
        key: structure.fields[name] for name, key in states.items() if structure.fields.get(name) is not None
    }
    if structure.number == "012":
        # The first digit says four antigens at once, such as C-c+E-e+.
        phenotype = re.findall("([CcEe])([+-])", str(structure.fields.get("rh_phenotype") or ""))
        for key, sign in (("antigens_positive", "+"), ("antigens_negative", "-")):
            more = [antigen for antigen, result in phenotype if result == sign]
            found[key] = antigens_of(" ".join([*more, str(found.get(key) or "")]))
    return {key: value for key, value in found.items() if value != ()}


def antigens_of(names: str) -> tuple[str, ...]:
    """Return the keys of the table `antigen` for names as ISBT 128 writes them, separated by blanks, in its order.

    >>> antigens_of("K Jkb")
    ('kell_big_k', 'kidd_jkb')
    """
    antigens = table("antigen")
    wanted = names.split()
    return tuple(key for key in antigens if antigens.facet(key, "isbt") in wanted)


class DonationNumber:
    """A donation number of 13 characters, also one that begins with 0."""

    def compact(self, text: str) -> str:
        """Return the 13 characters without identifier, flags and blanks."""
        return donation_number.compact(text)

    def validate(self, text: str) -> str:
        """Return the compact number. Raises CodeError."""
        return donation_number.validate(text, leading_zero=True)

    def format(self, value: str) -> str:
        """Return the number in groups, with its check character where the standard gives it one."""
        return donation_number.format(value)


class ProductCode:
    """A product code of eight characters, or of five of a local list."""

    def compact(self, text: str) -> str:
        """Return the code without identifier and blanks."""
        return product_code.compact(text)

    def validate(self, text: str) -> str:
        """Return the compact code. Raises CodeError."""
        return product_code.validate(text, local_classes=LOCAL_CLASSES, short=True)

    def format(self, value: str) -> str:
        """Return the code as printed."""
        return product_code.format(value)


DONATION_NUMBER = DonationNumber()
PRODUCT_CODE = ProductCode()
