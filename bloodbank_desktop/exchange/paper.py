"""A page that is made of pieces which no page break may cut: a heading stays with what follows, a row stays whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

#: Small enough for a table of digests, large enough to be signed.
STYLE = (
    "body{font-family:'Microsoft YaHei UI','Noto Sans CJK SC',sans-serif;font-size:9pt;color:#000}"
    "h1{font-size:16pt;margin:0px 0px 4px 0px}h2{font-size:11pt;margin:0px 0px 3px 0px}p{margin:2px 0px}"
    "td{padding:2px 8px 2px 0px;vertical-align:top;text-align:left}"
    "code{font-family:Consolas,'DejaVu Sans Mono',monospace;font-size:7pt}"
)


@dataclass(frozen=True)
class Piece:
    """A part of the page.

    `keep`: not the last on its page; `again` is repeated when a page begins with this piece; `apart`: with air above;
    `ruled`: with a line below.
    """

    html: str
    keep: bool = False
    again: str = ""
    apart: bool = False
    ruled: bool = False


@dataclass(frozen=True)
class Paper:
    """A document to print: its title, what stands at the foot of each page, and its pieces."""

    title: str
    foot: str
    pieces: tuple[Piece, ...]

    @property
    def html(self) -> str:
        """The whole as one page, for a screen."""
        body = "".join(piece.html for piece in self.pieces)
        return f"<html><head><style>{STYLE}</style></head><body>{body}</body></html>"


def heading(words: str) -> Piece:
    """Return a heading."""
    return Piece(f"<h2>{escape(words)}</h2>", keep=True, apart=True)


def paragraph(words: str) -> Piece:
    """Return a paragraph of plain words."""
    return Piece(f"<p>{escape(words)}</p>")


def rows(
    heads: Sequence[str], widths: Sequence[int], lines: Iterable[Sequence[str]], *, code: bool = False
) -> Iterator[Piece]:
    """Yield a table row by row; `widths` are percent of the page, `code` sets the rows in a typewriter's letters."""
    head = _row([f"<b>{escape(one)}</b>" for one in heads], widths) if any(heads) else ""
    if head:
        yield Piece(head, keep=True, ruled=True)
    for line in lines:
        cells = [f"<code>{escape(one)}</code>" if code else escape(one) for one in line]
        yield Piece(_row(cells, widths), again=head, ruled=True)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    inner = "".join(f'<td width="{width}%">{cell}</td>' for cell, width in zip(cells, widths, strict=True))
    return f'<table width="100%" cellspacing="0" cellpadding="0"><tr>{inner}</tr></table>'
