"""Find any part of a name, a number or a donation code in a million records, from one Chinese character on.

Words are cut into overlapping grams: two characters for Chinese, three for letters and digits, and the shorter tails
at the end of a word, so that a query shorter than a gram is the beginning of one. SQLite's own trigram index finds
nothing for two Chinese characters, which is most given names. Grams are written in hexadecimal, so that no tokenizer
rule can split or fold them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator


def fold(text: str) -> str:
    """Return text as it is compared: width, case and compatibility forms folded (NFKC, casefold)."""
    return unicodedata.normalize("NFKC", text).casefold()


def _wide(character: str) -> bool:
    return ord(character) >= 0x2E80


def _runs(folded: str) -> Iterator[str]:
    """Yield the maximal runs of letters and digits that are all wide or all narrow."""
    run = ""
    for character in folded + " ":
        if run and (not character.isalnum() or _wide(character) != _wide(run[0])):
            yield run
            run = ""
        if character.isalnum():
            run += character


def _gram_length(run: str) -> int:
    return 2 if _wide(run[0]) else 3


def _hex(gram: str) -> str:
    return gram.encode("utf-8", "surrogatepass").hex()


def grams(texts: Iterable[str]) -> str:
    """Return the blank-separated grams of some texts, for the index."""
    found: dict[str, None] = {}
    for text in texts:
        for run in _runs(fold(text)):
            length = _gram_length(run)
            for start in range(len(run)):
                found[_hex(run[start : start + length])] = None
    return " ".join(found)


def needles(query: str) -> list[str]:
    """Return the folded runs that must all occur in a record that is found; empty for a query without letters."""
    return [run for word in fold(query).split() for run in _runs(word)]


def match(needle_runs: Iterable[str]) -> tuple[str, bool]:
    """Return the full-text expression for these runs and whether it is exact.

    A run longer than a gram asks for all its grams, which may stand apart in a record; then the caller compares with
    the folded text itself.
    """
    terms: list[str] = []
    exact = True
    for run in needle_runs:
        length = _gram_length(run)
        if len(run) < length:
            terms.append(f'"{_hex(run)}" *')
        else:
            pieces = [run[start : start + length] for start in range(len(run) - length + 1)]
            terms += [f'"{_hex(piece)}"' for piece in pieces]
            exact = exact and len(pieces) == 1
    return " AND ".join(terms), exact
