"""Make the tones of the scan dialog: run in this folder, it writes the .wav files. Same script, same bytes.

Accepted and done rise or stand high; everything that needs the eyes falls or growls. No two share pitch and rhythm.
"""

import array
import math
import sys
import wave
from pathlib import Path

RATE = 22_050

# Name → pieces of (frequency in Hz, 0 = silence, length in ms, share of the third harmonic: rough sound).
TONES = {
    "accepted": [(1319, 70, 0.0)],
    "done": [(1047, 80, 0.0), (1319, 80, 0.0), (1568, 160, 0.0)],
    "duplicate": [(880, 70, 0.1), (0, 60, 0.0), (880, 70, 0.1)],
    "wrong_label": [(740, 130, 0.2), (494, 200, 0.2)],
    "other_bag": [(494, 110, 0.2), (740, 110, 0.2), (494, 200, 0.2)],
    "in_stock": [(880, 70, 0.1), (0, 60, 0.0), (880, 70, 0.1), (0, 60, 0.0), (587, 220, 0.2)],
    "expired": [(622, 140, 0.3), (415, 140, 0.3), (277, 320, 0.4)],
    "unknown_product": [(392, 90, 0.4), (0, 90, 0.0), (554, 90, 0.4), (0, 90, 0.0), (392, 200, 0.4)],
    "damaged": [(311, 60, 0.5), (0, 40, 0.0)] * 5,
    "refused": [(233, 130, 0.5), (0, 50, 0.0), (233, 130, 0.5), (0, 50, 0.0), (233, 220, 0.5)],
}


def samples(frequency: int, milliseconds: int, rough: float) -> array.array:
    count = RATE * milliseconds // 1000
    fade = RATE // 200
    made = array.array("h")
    for i in range(count):
        turn = 2 * math.pi * frequency * i / RATE
        # Without the soft edges every tone would begin and end with a click.
        edge = min(1.0, i / fade, (count - 1 - i) / fade)
        level = 0.0 if frequency == 0 else (math.sin(turn) + rough * math.sin(3 * turn)) / (1 + rough)
        made.append(round(level * edge * 0.5 * 32767))
    if sys.byteorder == "big":
        made.byteswap()
    return made


def main() -> None:
    folder = Path(__file__).resolve().parent
    for name, pieces in TONES.items():
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for piece in pieces:
                file.writeframes(samples(*piece).tobytes())


if __name__ == "__main__":
    main()
