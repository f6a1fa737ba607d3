"""A scan into a delivery of a hundred bags, with a full stock: from the Enter of the scanner until its row is painted.

Painted means: checked against the delivery and the stock, durable on the disk, and on the screen.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.measure import Result, Sizes, copied, percentile, prepared, summary
from tests.benchmarks.windows import Painting
from tests.benchmarks.workplace import BAGS, scan_bag, workplace

_WARM = 3


def measure(sizes: Sizes) -> Iterator[Result]:
    """Scan bag after bag into a delivery that starts with a hundred and grows."""
    times: list[float] = []
    with copied(prepared(stock=sizes.stock)) as folder, workplace(folder) as place:
        dialog = place.dialog(place.draft(0, sizes.bags))
        painting = Painting(dialog.blocks[BAGS].table.viewport())
        for number in range(_WARM + sizes.scanned):
            scan_bag(dialog, painting, sizes.bags + number, times if number >= _WARM else [])
        place.quiet()
        bags = len(dialog.blocks[BAGS].model.rows)
    detail = {
        "scan_ms": summary(times),
        "warm_up": f"{_WARM} bags of four scans",
        "bags_in_dialog": [sizes.bags + _WARM, bags],
        "bags_in_stock": sizes.stock,
    }
    yield Result("scan_p99_ms", percentile(times, 0.99), None, detail)
