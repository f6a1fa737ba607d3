"""Which blood fits whom, written down by hand from 临床输血技术规范 and the 2014 emergency recommendation.

This is the second table, by which the first one (resources/decisions) is judged; it is written as a person reads it, and
nothing here looks at the program. Rows are patients, columns are bags.
"""

from __future__ import annotations

ABO_MARKS = {"1": "first", "2": "alternative", "!": "approval", "e": "emergency_only", "-": "never"}

#: Donor →  A  B  O  AB; "?" is a patient whose group is not proven.
ABO = {
    "red_cells": """
        A   1  -  2  -
        B   -  1  2  -
        O   -  -  1  -
        AB  2  2  2  1
        ?   -  -  e  -""",
    "whole_blood": """
        A   1  -  -  -
        B   -  1  -  -
        O   -  -  1  -
        AB  -  -  -  1
        ?   -  -  -  -""",
    "granulocytes": """
        A   1  -  -  -
        B   -  1  -  -
        O   -  -  1  -
        AB  -  -  -  1
        ?   -  -  -  -""",
    "plasma": """
        A   1  -  -  2
        B   -  1  -  2
        O   2  2  1  2
        AB  -  -  -  1
        ?   -  -  -  e""",
    "platelets": """
        A   1  !  !  !
        B   !  1  !  !
        O   !  !  1  !
        AB  !  !  !  1
        ?   -  -  -  -""",
    "cryo": """
        A   1  !  !  2
        B   !  1  !  2
        O   2  2  1  2
        AB  !  !  !  1
        ?   -  -  -  -""",
}

RHD_MARKS = {"1": "first", "s": "scarce", "2": "alternative", "!": "approval", "e": "emergency_only", "-": "never"}

#: Columns: no anti-D and no girl or woman of child-bearing age; no anti-D, such a woman; anti-D, no such woman; both.
#: In each column the mark for an RhD positive bag and the one for a negative bag.
RHD = {
    "red_cells": """
        positive  1s  1s  -s  -s
        negative  !1  !1  -1  -1
        unknown   e1  !1  -1  -1""",
    "whole_blood": """
        positive  1s  1s  -s  -s
        negative  !1  !1  -1  -1
        unknown   e1  !1  -1  -1""",
    "granulocytes": """
        positive  1s  1s  -s  -s
        negative  !1  !1  -1  -1
        unknown   e1  !1  -1  -1""",
    "platelets": """
        positive  11  11  -1  -1
        negative  21  !1  -1  -1
        unknown   21  !1  -1  -1""",
    "plasma": """
        positive  11  11  11  11
        negative  11  11  11  11
        unknown   11  11  11  11""",
    "cryo": """
        positive  11  11  11  11
        negative  11  11  11  11
        unknown   11  11  11  11""",
}

#: A component of each class, as it stands in the table of components.
COMPONENT = {
    "red_cells": "RBC-SLR",
    "whole_blood": "WB",
    "granulocytes": "GRAN",
    "plasma": "FFP",
    "platelets": "PLT-A",
    "cryo": "CRYO",
}

#: Reactions of a crossmatch whose conclusion is “compatible”: side, ABO of the bag and the patient, then
#: negative, agglutination, haemolysis, not done.
SIDES_MARKS = {".": "ok", "w": "warn", "x": "block"}
SIDES = {
    "red_cells": """
        major identical   .  x  x  x
        major compatible  .  x  x  x
        minor identical   .  x  x  w
        minor compatible  .  w  x  w""",
    "whole_blood": """
        major identical   .  x  x  x
        major compatible  .  x  x  x
        minor identical   .  x  x  x
        minor compatible  .  x  x  x""",
    "platelets": """
        major identical   .  x  x  x
        major compatible  .  x  x  x
        minor identical   .  x  x  w
        minor compatible  .  x  x  w""",
    "granulocytes": """
        major identical   .  x  x  x
        major compatible  .  x  x  x
        minor identical   .  x  x  w
        minor compatible  .  x  x  w""",
}
REACTIONS = ("negative", "agglutination", "haemolysis", "not_done")

#: Which demand means something for which class: red cells, whole blood, platelets, plasma, cryo, granulocytes.
REQUIREMENT_CLASSES = ("red_cells", "whole_blood", "platelets", "plasma", "cryo", "granulocytes")
REQUIREMENTS = {
    "irradiated": "y y y n n y",
    "leukoreduced": "y y y n n n",
    "washed": "y y y n n n",
    "cmv_negative": "y y y n n y",
}

#: Whether an antibody matters, and what is known of the antigen on the bag: negative, positive, untested.
ANTIBODY = {"yes": ("fits", "never", "approval"), "no": ("fits", "warn", "warn")}

#: Forward against reverse grouping: A B O AB discrepant not_done.
GROUPINGS = ("A", "B", "O", "AB", "discrepant", "not_done")
GROUPING_MARKS = {"=": "agree", "x": "differ", "?": "incomplete"}
GROUPING = """
    A           =  x  x  x  x  ?
    B           x  =  x  x  x  ?
    O           x  x  =  x  x  ?
    AB          x  x  x  =  x  ?
    discrepant  x  x  x  x  x  x
    not_done    ?  ?  ?  ?  x  ?"""


def cells(name: str) -> dict[tuple[str, ...], str]:
    """Return the outcomes of a table by its inputs, in the order of the program's table."""
    return {
        "abo_compatibility": _abo,
        "rhd_compatibility": _rhd,
        "crossmatch_side": _sides,
        "special_requirement": _requirements,
        "antibody_antigen": _antibodies,
        "grouping": _grouping,
    }[name]()


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def _abo() -> dict[tuple[str, ...], str]:
    return {
        (kind, "unknown" if patient == "?" else patient, donor): ABO_MARKS[mark]
        for kind, text in ABO.items()
        for patient, *marks in _rows(text)
        for donor, mark in zip(("A", "B", "O", "AB"), marks, strict=True)
    }


def _rhd() -> dict[tuple[str, ...], str]:
    columns = (("no", "no"), ("no", "yes"), ("yes", "no"), ("yes", "yes"))
    return {
        (kind, patient, anti_d, woman, bag): RHD_MARKS[mark]
        for kind, text in RHD.items()
        for patient, *marks in _rows(text)
        for (anti_d, woman), pair in zip(columns, marks, strict=True)
        for bag, mark in zip(("positive", "negative"), pair, strict=True)
    }


def _sides() -> dict[tuple[str, ...], str]:
    return {
        (kind, side, abo, reaction): SIDES_MARKS[mark]
        for kind, text in SIDES.items()
        for side, abo, *marks in _rows(text)
        for reaction, mark in zip(REACTIONS, marks, strict=True)
    }


def _requirements() -> dict[tuple[str, ...], str]:
    words = {"y": "required", "n": "not_applicable"}
    return {
        (demand, kind): words[mark]
        for demand, marks in REQUIREMENTS.items()
        for kind, mark in zip(REQUIREMENT_CLASSES, marks.split(), strict=True)
    }


def _antibodies() -> dict[tuple[str, ...], str]:
    return {
        (matters, known): outcome
        for matters, outcomes in ANTIBODY.items()
        for known, outcome in zip(("negative", "positive", "untested"), outcomes, strict=True)
    }


def _grouping() -> dict[tuple[str, ...], str]:
    return {
        (forward, reverse): GROUPING_MARKS[mark]
        for forward, *marks in _rows(GROUPING)
        for reverse, mark in zip(GROUPINGS, marks, strict=True)
    }
