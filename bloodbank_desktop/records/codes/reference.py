"""The tables of the standards are data files with a version and a source; this module is where they are read, once.

The danger is a table copied into code: nobody can then say which edition of the standard the program follows.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from bloodbank_desktop.paths import resource


@cache
def table(*parts: str) -> dict[str, Any]:
    """Return the parsed JSON table named by its parts under resources/tables/.

    >>> table("isbt128", "blood_groups.json")["version"]
    '6.2.2'
    """
    loaded: dict[str, Any] = json.loads(resource("tables", *parts).read_text(encoding="utf-8"))
    return loaded
