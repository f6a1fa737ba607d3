"""A profile is data, and a site may bring its own."""

import json
from pathlib import Path

import pytest

from bloodbank_desktop.records.codes import profiles
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.profiles import Profile
from bloodbank_desktop.records.codes.reference import table
from bloodbank_desktop.records.codes.scan import read

SITE = {
    "version": "1",
    "source": "test",
    "profiles": [
        {
            "name": "site",
            "label": "测试供血机构",
            "bare": ["donation"],
            "patterns": [
                {
                    "kind": "donation",
                    "number": "CN-site-donation",
                    "name": "Site Donation Number",
                    "label": "献血码（10位）",
                    "regex": "(?P<donation_number>(?P<year>\\d{2})(?P<sequence>\\d{8}))",
                }
            ],
        }
    ],
}


def test_built_in_profiles() -> None:
    """The three built-in profiles are there, the strict one allows nothing, and the default is among them."""
    assert set(profiles.built_in()) == {"isbt128", "cn-tolerant", "codabar-abc"}
    assert profiles.DEFAULT in profiles.built_in()
    strict = profiles.named("isbt128")
    assert strict == Profile("isbt128", strict.label, bare=("donation",))
    with pytest.raises(CodeError):
        profiles.named("moon")


@pytest.mark.parametrize(
    "parts",
    [("bag_profiles.json",)]
    + [
        ("isbt128", f"{name}.json")
        for name in ("blood_groups", "data_structures", "donation_flags", "product_codes", "red_cell_antigens")
    ],
)
def test_tables_name_version_and_source(parts: tuple[str, ...]) -> None:
    """Every table says which edition of what it is."""
    assert table(*parts)["version"]
    assert table(*parts)["source"]


def test_site_profile(tmp_path: Path) -> None:
    """A layout of the site is read with a warning, in ASCII digits only, and not in another field."""
    path = tmp_path / "profiles.json"
    path.write_text(json.dumps(SITE), encoding="utf-8")
    site = profiles.load(path)["site"]
    scan = read("2600012345", site)
    assert scan.ok
    assert (scan.profile, scan.structures[0].number) == ("site", "CN-site-donation")
    assert scan.structures[0].fields == {"donation_number": "2600012345", "year": "26", "sequence": "00012345"}
    assert [problem.code for problem in scan.problems] == ["site-pattern"]
    assert not read("2600012345", site, "product").ok
    assert not read("٢600012345", site).ok
    assert read("=G12341765432170", site).ok
