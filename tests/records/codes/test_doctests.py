"""The examples in the documentation of the code standards are true."""

import doctest
import importlib
import pkgutil

import pytest

from bloodbank_desktop.records import codes

MODULES = sorted(module.name for module in pkgutil.iter_modules(codes.__path__, f"{codes.__name__}."))
WITHOUT_EXAMPLES = ("errors", "interpretation")


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    """Every module's doctests pass, and only the modules without functions to show have none."""
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert (result.attempted == 0) == name.endswith(WITHOUT_EXAMPLES)
