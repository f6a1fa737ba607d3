"""Who may what, written by hand from the department's order of duties and not from the program's own table.

A record's verbs are the same for every module; what the modules lack is not asked.
"""

from __future__ import annotations

ROLES = ("technician", "reviewer", "director", "administrator", "viewer")
WORDS = ("技师", "审核", "主任", "管理", "只读")
_WORK = frozenset({"technician", "reviewer", "director"})
_SENIOR = frozenset({"reviewer", "director"})
_ADMIN = frozenset({"administrator"})

VERBS = {
    "list": frozenset(ROLES),
    "view": frozenset(ROLES),
    "register": _WORK,
    "amend": _WORK,
    "activate": _WORK,
    "import": _WORK,
    "export": _WORK,
    "delete": _SENIOR,
}
MAY = {
    "stock:accept": _WORK,
    "stock:quarantine": _WORK,
    "stock:reserve": _WORK,
    "stock:release": _WORK,
    "stock:take_back": _WORK,
    "stock:relocate": _WORK,
    "stock:take": _WORK,
    "stock:level": _WORK,
    "queue": _WORK | _ADMIN,
    "selfcheck": _WORK | _ADMIN,
    "settle": _SENIOR,
    "merge-patients": _SENIOR,
    "sign-exceptions": _SENIOR,
    "reopen-issuing": _SENIOR,
    "override:technician": _WORK,
    "override:reviewer": _SENIOR,
    "override:director": frozenset({"director"}),
    "administer-persons": _ADMIN,
    "administer-tables": _ADMIN,
    "administer-switches": _ADMIN,
}


def expected(permission: str) -> frozenset[str]:
    """Return the roles that may."""
    return MAY[permission] if permission in MAY else VERBS[permission.split(":")[0]]
