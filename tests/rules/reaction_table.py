"""The criteria of reaction classes in a second notation: by what was seen, where the program's table is by class.

Written by hand from WS/T 624-2018, the ISBT/IHN definitions and the NHSN protocol; a class is named by what it demands
(groups that must all be met, one of each is enough) and each finding by the classes that it speaks against.
"""

from __future__ import annotations

_SKIN = "itch rash flush oedema wheeze"
_PRESSURE = "shock hypotension pressure_fall"
_ANTIBODY = "dat_positive new_antibody"

DEMANDS: dict[str, tuple[str, ...]] = {
    "tt_virus": ("virus_new",),
    "tt_syphilis": ("syphilis_new",),
    "tt_parasite": ("parasite_seen",),
    "tt_other": ("other_agent",),
    "tt_bacteria": ("culture_positive", "chills shock temperature_rise septic_fever"),
    "allergic": (_SKIN,),
    "anaphylactic": (_SKIN, _PRESSURE),
    "acute_haemolytic": (
        "group_mismatch dat_positive new_antibody",
        "free_hb bilirubin hb_no_rise",
        "chills shock back_pain dark_urine jaundice oozing oliguria temperature_rise",
    ),
    "delayed_haemolytic": (_ANTIBODY, "hb_no_rise bilirubin free_hb jaundice"),
    "delayed_serologic": (_ANTIBODY,),
    "febrile": ("chills temperature_rise",),
    "trali": ("hypoxia", "infiltrates", "cyanosis dyspnoea"),
    "taco": ("bnp overload", "cyanosis cough dyspnoea rales"),
    "tad": ("dyspnoea",),
    "hypotensive": ("pressure_fall",),
    "ta_gvhd": ("chimerism", "pancytopenia", "fever temperature_rise rash diarrhoea"),
    "ptp": ("platelet_antibody", "platelets_fell", "purpura oozing"),
    "iron": ("iron",),
    "air": ("air_seen", "chest_pain cyanosis dyspnoea hypotension shock"),
    "massive": ("calcium_potassium cold_clotting numbness",),
    "non_immune": ("physical_damage", "dark_urine free_hb"),
    "refractory": ("low_cci",),
}

#: What was seen, and the classes that are something else then.
AGAINST: dict[str, str] = {
    "shock": "allergic",
    "hypotension": "allergic",
    "pressure_fall": "allergic",
    "hb_no_rise": "delayed_serologic",
    "bilirubin": "delayed_serologic",
    "jaundice": "delayed_serologic",
    "free_hb": "delayed_serologic febrile hypotensive",
    "dark_urine": "delayed_serologic febrile",
    "dat_positive": "febrile non_immune",
    "group_mismatch": "febrile non_immune",
    "new_antibody": "non_immune",
    "culture_positive": "febrile hypotensive",
    "overload": "trali tad",
    "infiltrates": "tad",
    "bnp": "tad",
    "rash": "tad hypotensive",
    "wheeze": "tad hypotensive",
    "oedema": "tad hypotensive",
    "itch": "hypotensive",
    "dyspnoea": "hypotensive",
    "temperature_rise": "hypotensive",
}
