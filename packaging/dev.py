"""Set up, start, test and build Bloodbank Desktop with one command each, on a machine that has only Python.

    python packaging/dev.py WORD [arguments]        (Windows: py packaging\\dev.py WORD [arguments])

Every word first makes sure of a virtual environment with exactly the versions of packaging/pins.txt; when nothing
changed since the last call that takes no time. The environment lies in .venv of the checkout, or where the variable
BLOODBANK_VENV says. Whatever follows the word is handed on untouched.

The danger is a check that passes on one developer's machine because of something installed there by hand. So this file
needs nothing but the standard library, installs nothing that is not pinned, and is the same command for people and
for continuous integration.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "packaging" / "pins.txt"
OLDEST_PYTHON = (3, 11)
STAMP = "bloodbank-stamp.txt"
SCREEN = "1600x1200x24"

# Found by starting the program on a bare Debian: the first list lets Qt load at all, the second lets it open a window.
QT_LIBRARIES = ("libegl1", "libgl1", "libdbus-1-3", "libfontconfig1", "libglib2.0-0", "libxkbcommon0")
XCB_LIBRARIES = (
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-shape0",
    "libxcb-sync1",
    "libxcb-xfixes0",
    "libxcb-xkb1",
    "libxkbcommon-x11-0",
    "libxcb-image0",
    "libxcb-render-util0",
    "libx11-xcb1",
)
# Without a Chinese font every picture of a window and every text measurement shows boxes, and no test would notice.
DISPLAY_PACKAGES = ("xvfb", "fonts-noto-cjk")


class Stop(Exception):
    """The set-up cannot go on, and the text tells the developer what to do about it."""


def say(text: str) -> None:
    """Print at once: the lines must stand before the output of the programs started next."""
    print(f"[dev] {text}", flush=True)


# --- the pinned versions --------------------------------------------------------------------------------------------


def pinned(text: str, *, development: bool) -> list[str]:
    """Return the requirement lines of pins.txt; without `development` only those under a "runtime" heading."""
    lines: list[str] = []
    wanted = False
    for raw in text.splitlines():
        line = raw.strip()
        heading = re.fullmatch(r"# == (runtime|development): .+ ==", line)
        if heading:
            wanted = development or heading[1] == "runtime"
        elif line and not line.startswith("#") and wanted:
            lines.append(line)
    return lines


def digest(text: str, python: Sequence[int]) -> str:
    """Name the pins and the Python they were installed for. Line ends do not count: git changes them on Windows."""
    normal = "\n".join([*text.splitlines(), ".".join(str(part) for part in python)])
    return hashlib.sha256(normal.encode()).hexdigest()


def satisfied(stamp: str, wanted: str, *, development: bool) -> bool:
    """Tell whether the environment that carries `stamp` ("full <digest>" or "runtime <digest>") is what is needed."""
    return stamp.strip() in ({f"full {wanted}"} if development else {f"full {wanted}", f"runtime {wanted}"})


# --- the libraries of the system ------------------------------------------------------------------------------------


def not_installed(wanted: Sequence[str], answer: str) -> list[str]:
    """Return what is missing according to dpkg-query's lines "<name> <status>".

    Newer Debian and Ubuntu call some libraries <name>t64; one of the two names is enough.
    """
    lines = (line.partition(" ") for line in answer.splitlines())
    present = {name for name, _, status in lines if status == "installed"}
    return [name for name in wanted if name not in present and f"{name}t64" not in present]


def missing_packages(wanted: Sequence[str]) -> list[str]:
    if shutil.which("dpkg-query") is None:
        return []
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *wanted, *(f"{name}t64" for name in wanted)]
    # Its exit code is 1 as soon as one name is unknown, which is the normal case here; the output is what counts.
    return not_installed(wanted, subprocess.run(query, capture_output=True, text=True, check=False).stdout)


def ensure_system(*, display: bool) -> list[str]:
    """Install the libraries Qt needs on a Debian-like Linux when we may, or print the line that does.

    Returns what is still missing: that need not matter, so the caller goes on and looks whether Qt loads.
    """
    if not sys.platform.startswith("linux"):
        return []
    wanted = [*QT_LIBRARIES, *XCB_LIBRARIES, *(DISPLAY_PACKAGES if display else ())]
    if importlib.util.find_spec("ensurepip") is None and sys.base_prefix == "/usr":
        wanted.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    missing = missing_packages(wanted)
    if not missing:
        return []
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say("system packages are missing; to install them run:  sudo " + " ".join(install))
        return missing
    say("installing system packages: " + " ".join(missing))
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # A fresh container has no package lists, and old lists name files that are gone; a failed update alone is harmless.
    for command in (["apt-get", "update"], install):
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"{' '.join(command[:2])} failed:\n{done.stderr[-2000:]}")
    importlib.invalidate_caches()
    return missing_packages(wanted)


# --- the virtual environment ----------------------------------------------------------------------------------------


def environment_dir() -> Path:
    return Path(os.environ.get("BLOODBANK_VENV") or ROOT / ".venv").expanduser().absolute()


def python_of(place: Path) -> Path:
    return place / "Scripts" / "python.exe" if os.name == "nt" else place / "bin" / "python"


@contextlib.contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Let one set-up run at a time: two at once, from two terminals, would mix their files in one environment."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    handle.seek(0)
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError:  # it waits ten seconds by itself; a first set-up takes minutes
                    continue
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def create_environment(place: Path) -> None:
    if place.exists() and any(place.iterdir()) and not (place / STAMP).exists():
        raise Stop(f"{place} was not made by this script; remove it, or name another place in BLOODBANK_VENV.")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Stop(f"this Python cannot make virtual environments; run:  sudo apt-get install -y python{version}-venv")
    say(f"making the virtual environment {place}")
    place.mkdir(parents=True, exist_ok=True)
    # The mark comes first, so that an environment broken off half-way is known as ours and can be cleared later.
    (place / STAMP).write_text("unfinished\n", encoding="utf-8")
    if subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=False).returncode:
        raise Stop(f"making the virtual environment in {place} failed; the lines above say why.")
    (place / STAMP).write_text("unfinished\n", encoding="utf-8")


def install_pins(place: Path, text: str, *, development: bool) -> None:
    lines = pinned(text, development=development)
    chosen = place / "bloodbank-pins.txt"
    chosen.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"installing {len(lines)} pinned packages; the first time this takes some minutes")
    pip = [str(python_of(place)), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    # --no-deps: pip must not choose anything itself. "check" then proves that nothing was missing from the list.
    if subprocess.run([*pip, "install", "--quiet", "--no-deps", "-r", str(chosen)], check=False).returncode:
        raise Stop(
            "pip could not install the pinned packages; its lines above say which one. Usual causes: no way to the "
            "package index (proxy, mirror: see pip's configuration), a full disk, or no such package for this Python."
        )
    if subprocess.run([*pip, "check"], stdout=subprocess.DEVNULL, check=False).returncode:
        subprocess.run([*pip, "check"], check=False)
        raise Stop("the packages do not fit together; correct packaging/pins.txt.")


def set_up(*, development: bool) -> Path:
    """Make sure of system libraries and packages; return the environment's Python interpreter."""
    if sys.maxsize < 2**32:
        raise Stop("this is a 32-bit Python; Qt needs the 64-bit one.")
    place = environment_dir()
    missing = ensure_system(display=development)
    text = PINS.read_text(encoding="utf-8")
    wanted = digest(text, sys.version_info[:2])

    def stamp() -> str:
        file = place / STAMP
        return file.read_text(encoding="utf-8") if file.is_file() and python_of(place).exists() else ""

    if not satisfied(stamp(), wanted, development=development):
        with only_one(place.with_name(place.name + ".lock")):
            found = stamp()  # whoever held the lock before may have done the work
            if not satisfied(found, wanted, development=development):
                # Other pins: start afresh, since what was dropped from the list would stay and hide a missing line.
                if not satisfied(found, wanted, development=False):
                    create_environment(place)
                install_pins(place, text, development=development)
                level = "full" if development else "runtime"
                (place / STAMP).write_text(f"{level} {wanted}\n", encoding="utf-8")
    python = python_of(place)
    if missing and subprocess.run([str(python), "-c", "import PySide6.QtWidgets"], check=False).returncode:
        raise Stop("Qt cannot load without these system packages: " + " ".join(missing))
    return python


# --- a display ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def display(*, own: bool) -> Iterator[dict[str, str]]:
    """Yield the environment in which windows can open.

    On Linux that is the display of the session, or, with `own` or without a session, a virtual one of a known size
    that ends with the block. Windows always has a display.
    """
    environment = child_environment()
    if not sys.platform.startswith("linux"):
        yield environment
        return
    environment["QT_QPA_PLATFORM"] = "xcb"
    if environment.get("DISPLAY") and not own:
        yield environment
        return
    server = shutil.which("Xvfb")
    if server is None:
        raise Stop("window tests need a virtual display; install Xvfb:  sudo apt-get install -y xvfb")
    read, write = os.pipe()
    with tempfile.TemporaryFile() as log:
        # The server picks a free number itself (-displayfd), so that two runs never share a screen. Its own session:
        # Ctrl-C must reach the tests only, and leave them a display to close their windows on.
        command = [server, "-displayfd", str(write), "-screen", "0", SCREEN, "-nolisten", "tcp"]
        process = subprocess.Popen(
            command, pass_fds=[write], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        os.close(write)
        try:
            ready, _, _ = select.select([read], [], [], 60)
            number = os.read(read, 16).decode().strip() if ready else ""
            if not number:
                log.seek(0)
                raise Stop("the virtual display did not start:\n" + log.read().decode(errors="replace")[-1000:])
            environment["DISPLAY"] = f":{number}"
            yield environment
        finally:
            os.close(read)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def child_environment() -> dict[str, str]:
    """Return our environment with the checkout importable, whatever the current directory is."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def start(command: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> int:
    """Run a program to its end and return its exit code. `folder` None: where the developer stands now."""
    return subprocess.run([str(part) for part in command], env=environment, cwd=folder, check=False).returncode


# --- the words ------------------------------------------------------------------------------------------------------


def run(arguments: Sequence[str]) -> int:
    """start the program against the training platform: run [arguments of the program]"""
    python = set_up(development=False)
    return start([python, "-m", "bloodbank_desktop", "--training", *arguments], child_environment())


def test(arguments: Sequence[str]) -> int:
    """run every check, cheap ones first, up to the first failure: test [arguments of pytest]"""
    python = set_up(development=True)
    scripts = python.parent
    suffix = ".exe" if os.name == "nt" else ""
    checks: list[tuple[str, list[str | Path]]] = [
        ("ruff", [python, "-m", "ruff", "check", "."]),
        ("layout", [python, "-m", "ruff", "format", "--check", "."]),
        ("import contracts", [scripts / f"lint-imports{suffix}"]),
        ("mypy", [python, "-m", "mypy"]),
    ]
    for title, command in checks:
        say(f"=== {title} ===")
        code = start(command, child_environment(), ROOT)
        if code:
            say(f"{title} failed with exit code {code}")
            return code
    say("=== pytest ===")
    with display(own=False) as environment:
        code = start([python, "-m", "pytest", "-n", "2", *arguments], environment, ROOT)
    say("all checks passed" if code == 0 else f"pytest failed with exit code {code}")
    return code


def bench(arguments: Sequence[str]) -> int:
    """measure and compare with the budgets: bench [--json FILE] [names]"""
    python = set_up(development=True)
    with display(own=True) as environment:
        return start([python, "-m", "tests.benchmarks", *arguments], environment)


def tour(arguments: Sequence[str]) -> int:
    """photograph every screen into a folder: tour FOLDER"""
    if not arguments:
        raise Stop("tour needs the folder for the pictures: dev.py tour FOLDER")
    python = set_up(development=True)
    with display(own=True) as environment:
        return start([python, "-m", "bloodbank_desktop", "--training", "tour", *arguments], environment)


def contract(arguments: Sequence[str]) -> int:
    """write the platform contract under resources/ anew from the declarations"""
    python = set_up(development=True)
    return start(
        [python, "-m", "bloodbank_desktop.training.contract", "--write", *arguments], child_environment(), ROOT
    )


def mutate_rules(arguments: Sequence[str]) -> int:
    """make the rules wrong in every small way and report what nothing notices: mutate-rules [--json FILE] [--only RULE]"""
    python = set_up(development=True)
    return start([python, "-m", "tests.mutation", *arguments], child_environment(), ROOT)


def papers(arguments: Sequence[str]) -> int:
    """write hazard table, warnings catalogue, traceability matrix … under resources/help/safety and README examples anew"""
    python = set_up(development=True)
    return start([python, "-m", "tests.validation", *(arguments or ["--write"])], child_environment(), ROOT)


def build(arguments: Sequence[str]) -> int:
    """build the wheel into dist/, without network"""
    python = set_up(development=True)
    offline = ["--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    target = ["-w", str(ROOT / "dist"), str(ROOT)]
    return start([python, "-m", "pip", "wheel", *offline, *arguments, *target], child_environment(), ROOT)


WORDS: dict[str, Callable[[Sequence[str]], int]] = {
    word.__name__.replace("_", "-"): word for word in (run, test, bench, tour, contract, papers, mutate_rules, build)
}


def usage() -> str:
    words = "\n".join(f"    {name:<14}{word.__doc__}" for name, word in WORDS.items())
    return f"{__doc__}\nWords:\n{words}\n"


def main(arguments: Sequence[str]) -> int:
    """Do one word; return the exit code (2: the call was wrong or the set-up could not be made)."""
    if sys.version_info[:2] < OLDEST_PYTHON:
        found, oldest = (".".join(map(str, version)) for version in (sys.version_info[:3], OLDEST_PYTHON))
        print(f"Bloodbank Desktop needs Python {oldest} or newer; this is {found} ({sys.executable}).", file=sys.stderr)
        return 2
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    word = WORDS.get(arguments[0])
    if word is None:
        print(f"unknown word: {arguments[0]}; known: {', '.join(WORDS)} (--help explains them)", file=sys.stderr)
        return 2
    # A stopped build job sends SIGTERM; as an exception it lets the virtual display end with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return word(arguments[1:])
    except Stop as problem:
        print(f"[dev] {problem}", file=sys.stderr, flush=True)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
