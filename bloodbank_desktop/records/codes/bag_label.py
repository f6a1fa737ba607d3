"""The codes of a bag label as this country prints them: ISBT 128, and what looks like it and is not.

A donation number here may begin with 0 and then bears no check character, a product code may be of class P, D or Z and
have five characters (both seen on real labels). The danger is strictness that sends a good bag back; whoever records
one sees the warning of the scan.

>>> DONATION_NUMBER.validate("0030123999901")
'0030123999901'
>>> PRODUCT_CODE.validate("Z4382")
'Z4382'
"""

from __future__ import annotations

from bloodbank_desktop.records.codes import donation_number, product_code

#: Classes of product codes that ISBT 128 gives to other things than blood, used by blood centres here.
LOCAL_CLASSES = "PDZ"


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
