"""Only what was tested is stated about an antigen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import antigens
from bloodbank_desktop.records.codes.errors import CodeError


def test_published_example() -> None:
    """The example of the standard reads C-c+E-e+, K+k+, Fy(a+b+), Jk(a+b-), and nothing else was tested."""
    found = antigens.interpret("=\\880000008700000000")
    assert found == {
        "content": "880000008700000000",
        "rh_phenotype": "C-c+E-e+",
        "positive": "K k Fya Fyb Jka",
        "negative": "Jkb",
        "additional": "00",
    }
    assert antigens.format("880000008700000000") == "C-c+E-e+ K+ k+ Fya+ Fyb+ Jka+ Jkb-"


def test_single_rh_antigens() -> None:
    """Without a phenotype the single Rh antigens are read from positions 14 to 16, CMV from the last."""
    found = antigens.interpret("900000000000028500")
    assert found["rh_phenotype"] is None
    assert found["positive"] == "C c E CMV"
    assert found["negative"] == "e"


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "length"), ("8" * 17, "length"), ("88000000870000000A", "format"), ("800000000000000400", "rh-twice")],
)
def test_refusals_are_named(text: str, code: str) -> None:
    """A refused antigen code names what is wrong, also when Rh antigens are stated twice."""
    with pytest.raises(CodeError) as caught:
        antigens.validate(text)
    assert caught.value.code == code
    assert not antigens.is_valid(text)
    assert antigens.format(text) == text


@given(st.lists(st.sampled_from("09"), min_size=15, max_size=15))
def test_not_tested_is_neither_positive_nor_negative(digits: list[str]) -> None:
    """A code of only "not tested" and "no information" states nothing."""
    found = antigens.interpret("9" + "".join(digits) + "00")
    assert (found["rh_phenotype"], found["positive"], found["negative"]) == (None, "", "")
    assert antigens.format("9" + "".join(digits) + "00") == "未检测"
