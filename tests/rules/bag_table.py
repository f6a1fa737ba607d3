"""The life of a bag written down a second time, by hand and by state, from 临床输血技术规范 and WS/T 866 库存管理.

The program's own table (resources/tables/bag_event.json) is written by event. Where the sources leave a choice, the
narrower one stands here: blood that is reserved, set aside or not yet accepted is not given to another hospital; a
reserved bag is released before its delivery is reversed; nothing happens any more to a bag that has its end.
"""

from __future__ import annotations

_ARRIVAL = {"receive": "received", "receive_checked": "available", "receive_quarantined": "quarantined"}

#: state: {event: state after}; "" is a bag that never came here.
LIFE: dict[str, dict[str, str]] = {
    "": _ARRIVAL,
    "received": {
        "accept": "available",
        "quarantine": "quarantined",
        "discard": "discarded",
        "return": "returned",
        "consume": "consumed",
        "recall": "quarantined",
        "reverse": "reversed",
        "relocate": "received",
    },
    "available": {
        "reserve": "reserved",
        "issue": "issued",
        "quarantine": "quarantined",
        "discard": "discarded",
        "return": "returned",
        "transfer": "transferred",
        "consume": "consumed",
        "recall": "quarantined",
        "reverse": "reversed",
        "relocate": "available",
    },
    "reserved": {
        "release": "available",
        "issue": "issued",
        "quarantine": "quarantined",
        "discard": "discarded",
        "return": "returned",
        "recall": "quarantined",
        "relocate": "reserved",
    },
    "quarantined": {
        "discard": "discarded",
        "return": "returned",
        "consume": "consumed",
        "recall": "quarantined",
        "reverse": "reversed",
        "relocate": "quarantined",
    },
    "issued": {
        "transfuse": "transfused",
        "take_back": "quarantined",
        "recall": "issued",
    },
    "transfused": {"recall": "transfused"},
    "discarded": {},
    "returned": {},
    "transferred": {},
    "consumed": {},
    "reversed": _ARRIVAL,
}

IN_STOCK = {"received", "available", "reserved", "quarantined"}
#: A bag gets one of these at most once in each of its stays.
ENDS = {"transfused", "discarded", "returned", "transferred", "consumed", "reversed"}

EVENTS = {
    *_ARRIVAL,
    "accept",
    "reserve",
    "release",
    "issue",
    "transfuse",
    "take_back",
    "quarantine",
    "discard",
    "return",
    "transfer",
    "consume",
    "recall",
    "reverse",
    "relocate",
}
