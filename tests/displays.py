"""A virtual display of our own: two workers of pytest-xdist on one display take the keyboard focus from each other."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path


def take_own() -> None:
    """Let this process, and what it starts, open windows on a display that ends with it, if it may have one.

    Only under X11 with Xvfb installed; elsewhere nothing changes.
    """
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM") != "xcb" or not shutil.which("Xvfb"):
        return
    spec = importlib.util.spec_from_file_location("dev", Path(__file__).parents[1] / "packaging" / "dev.py")
    assert spec is not None and spec.loader is not None
    dev = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dev)
    until_the_end = contextlib.ExitStack()
    atexit.register(until_the_end.close)
    os.environ["DISPLAY"] = until_the_end.enter_context(dev.display(own=True))["DISPLAY"]
    # The cookie of another display would be of no use here.
    os.environ.pop("XAUTHORITY", None)
