"""The complete examples of described cases in README.md, written from the base cases that the rules pass."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from bloodbank_desktop.rules.described import cases

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = ("issue", "receipt")
_BLOCK = "<!-- example: {name} -->\n```json\n{text}\n```\n<!-- end -->"
_WIDTH = 116


def example(name: str) -> dict[str, Any]:
    """Return the case written out: every value, every fact, no reference to another case."""
    base = cases()[name]
    facts = {key: _written_out(value) for key, value in base["facts"].items()}
    return {"values": base["values"], "facts": facts}


def _written_out(fact: Any) -> Any:
    if isinstance(fact, dict) and set(fact) == {"case"}:
        return cases()[fact["case"]]["values"]
    return fact


def text(value: Any, indent: int = 0) -> str:
    """Return JSON in which whatever fits stands on one line."""
    line = json.dumps(value, ensure_ascii=False)
    if indent + len(line) + sum(ord(c) > 0x2E7F for c in line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    pad = " " * (indent + 2)
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + text(one, indent + 2) for one in value) + "\n" + " " * indent + "]"
    parts: list[str] = []
    row = ""
    for key, one in value.items():
        item = f"{json.dumps(key, ensure_ascii=False)}: {text(one, indent + 2)}"
        joined = f"{row}, {item}" if row else item
        if "\n" in item or len(joined) + indent + 2 + sum(ord(c) > 0x2E7F for c in joined) > _WIDTH:
            parts += [row] if row else []
            parts, row = ([*parts, item], "") if "\n" in item else (parts, item)
        else:
            row = joined
    parts += [row] if row else []
    return "{\n" + ",\n".join(pad + part for part in parts) + "\n" + " " * indent + "}"


def readme(whole: str) -> str:
    """Return the README with its examples in step."""
    for name in EXAMPLES:
        places = list(re.finditer(rf"<!-- example: {name} -->.*?<!-- end -->", whole, re.DOTALL))
        if len(places) != 1:
            raise ValueError(f"README.md has {len(places)} places for the example {name}")
        start, end = places[0].span()
        whole = whole[:start] + _BLOCK.format(name=name, text=text(example(name))) + whole[end:]
    return whole
