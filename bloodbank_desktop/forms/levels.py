"""How the level of a finding looks: word, shape and colour, the same in every list."""

from __future__ import annotations

from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.catalogue import LEVEL_WORDS, Finding, Level

ROLES = {Level.BLOCK: Role.REFUSED, Level.OVERRIDE: Role.ATTENTION, Level.WARN: Role.ATTENTION, Level.NOTE: Role.INFO}
_SHAPES = {Level.BLOCK: "✖", Level.OVERRIDE: "◆", Level.WARN: "▲", Level.NOTE: "○"}


def level_of(problem: Problem) -> Level:
    """Return the level of a problem; what is wrong with a field by itself stops as a block does."""
    return problem.level if isinstance(problem, Finding) else Level.BLOCK


def role_at_field(problem: Problem) -> Role:
    """Return how a problem looks where it can be mended: red only where it stops."""
    return ROLES[level_of(problem)]


def words_of(problem: Problem) -> str:
    """Return a problem as one line: shape, level where it is no plain problem, line, sentence."""
    level = level_of(problem)
    word = f"{LEVEL_WORDS[level]}：" if level is not Level.BLOCK else ""
    where = f"第 {problem.line} 行：" if problem.line is not None and "第" not in problem.message[:1] else ""
    return f"{_SHAPES[level]} {word}{where}{problem.message}"
