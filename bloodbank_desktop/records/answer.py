"""What the platform says of every record that it took; modules with more to hear add their own facts to it.

An answer belongs to the platform: it is kept beside the record, shown there, and never typed or changed here.
"""

from __future__ import annotations

from datetime import datetime

from bloodbank_desktop.records.declare import block, line, moment, text


@block
class Receipt:
    """The platform has the record."""

    receipt_no: str | None = text("平台回执号", most=40, default=None)
    received_at: datetime | None = moment("平台收到时间", default=None)


@line()
class PlainAnswer(Receipt):
    """All that is said of modules that nobody on the other side works on."""
