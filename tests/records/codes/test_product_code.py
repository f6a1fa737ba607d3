"""A product code is taken apart as its class prescribes; all eight characters identify the bag."""

import pytest

from bloodbank_desktop.records.codes import product_code
from bloodbank_desktop.records.codes.errors import CodeError


@pytest.mark.parametrize(
    ("text", "description", "collection_type", "division"),
    [
        ("=<E6170V00", "E6170", "V", "00"),
        ("=<E0869VA0", "E0869", "V", "A0"),
        ("=<E5445000", "E5445", "0", "00"),
        ("=<S12954A0", "S1295", "4", "A0"),
        ("E4567VBa", "E4567", "V", "Ba"),
        ("T1295003", "T1295", None, "003"),
        ("D6686000", "D6686", "0", "00"),
    ],
)
def test_parts(text: str, description: str, collection_type: str | None, division: str) -> None:
    """Description, kind of collection and division stand where the class of the product puts them."""
    code = product_code.interpret(text)
    assert code.product_code == product_code.compact(text) == product_code.format(text)
    assert (code.product_description_code, code.collection_type, code.division) == (
        description,
        collection_type,
        division,
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("E6170V0", "length"),
        ("E6170", "length"),
        ("e6170V00", "letter-case"),
        ("E6170VA A", "format"),
        ("E6170V0A", "format"),
        ("E617aV00", "format"),
        ("16170V00", "format"),
        ("Z4382V00", "class-letter"),
        ("E6170V０٠", "format"),
    ],
)
def test_refusals_are_named(text: str, code: str) -> None:
    """A refused product code names what is wrong."""
    with pytest.raises(CodeError) as caught:
        product_code.validate(text)
    assert caught.value.code == code
    assert not product_code.is_valid(text)


def test_supplier_classes_only_on_request() -> None:
    """A class letter or a short code of a supplier is accepted only on request, and warned about."""
    assert not product_code.is_valid("Z4382")
    code = product_code.interpret("Z4382", local_classes="PDZ", short=True)
    assert (code.product_description_code, code.product_class, code.division) == ("Z4382", None, None)
    assert [problem.code for problem in product_code.cautions(code)] == ["class-letter", "short-product-code"]
    local = product_code.interpret("P0056V00", local_classes="PDZ")
    assert [problem.code for problem in product_code.cautions(local)] == ["class-letter"]
    assert product_code.interpret("P0056V00").product_class == "regenerated tissue"


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("V", []),
        ("X", ["biohazard"]),
        ("R", ["research"]),
        ("r", ["research"]),
        ("Q", ["special-testing"]),
        ("Z", ["collection-type"]),
        ("z", ["collection-type"]),
        ("0", []),
        ("P", []),
    ],
)
def test_cautions_of_the_kind_of_collection(kind: str, codes: list[str]) -> None:
    """Biohazard, research and unknown kinds of collection are warned about."""
    code = product_code.interpret(f"E6170{kind}00")
    assert [problem.code for problem in product_code.cautions(code)] == codes
