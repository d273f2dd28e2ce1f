"""Write schemas/v1/characters.txt: the code points that a text may hold.

Runs only on a Python whose tables are Unicode 14.0 (3.11), so that the file says the same whoever makes it.
The file is checked in; no program reads the interpreter's own tables.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "schemas" / "v1" / "characters.txt"
HEADER = """\
# Code points that a text may hold: first-last in hexadecimal, one range a line.
# Those assigned in Unicode 14.0, without surrogates, private use, controls (other than tab and line feed),
# line and paragraph separators, direction controls, deprecated format characters, annotation marks, tags and
# the byte order mark; and, at the end, emoji of later versions (combining class 0, no decomposition), so that
# normalisation (NFC) and acceptance are the same everywhere.
"""
REFUSED = {
    0xFEFF,  # byte order mark
    0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A),  # direction controls
    *range(0x206A, 0x2070),  # deprecated format characters
    *range(0xFFF9, 0xFFFC),  # interlinear annotation
    0xE0001, *range(0xE0020, 0xE0080),  # tags: text that nobody sees
}  # fmt: skip
# Unicode 15.0, 15.1 (none), 16.0 and 17.0 emoji
NEWER = [
    (0x1F6D8, 0x1F6D8), (0x1F6DC, 0x1F6DC), (0x1FA75, 0x1FA77), (0x1FA87, 0x1FA8A), (0x1FA8E, 0x1FA8F),
    (0x1FAAD, 0x1FAAF), (0x1FABB, 0x1FABD), (0x1FABE, 0x1FABF), (0x1FAC6, 0x1FAC6), (0x1FAC8, 0x1FAC8),
    (0x1FACD, 0x1FACF), (0x1FADA, 0x1FADC), (0x1FADF, 0x1FADF), (0x1FAE8, 0x1FAEA), (0x1FAEF, 0x1FAEF),
    (0x1FAF7, 0x1FAF8),
]  # fmt: skip


def allowed(point: int) -> bool:
    if point in (0x09, 0x0A):
        return True
    return (
        unicodedata.category(chr(point)) not in ("Cc", "Cn", "Co", "Cs", "Zl", "Zp") and point not in REFUSED
    )


def ranges() -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for point in range(0x110000):
        if allowed(point):
            if found and found[-1][1] == point - 1:
                found[-1] = (found[-1][0], point)
            else:
                found.append((point, point))
    return found


def main() -> int:
    if unicodedata.unidata_version != "14.0.0":
        print("This needs a Python with Unicode 14.0 (3.11).")
        return 1
    for first, last in NEWER:
        for point in range(first, last + 1):
            assert unicodedata.category(chr(point)) == "Cn", hex(point)
    lines = [f"{first:x}-{last:x}\n" for first, last in ranges()]
    newer = [f"{first:x}-{last:x}\n" for first, last in NEWER]
    TARGET.write_text(HEADER + "".join(lines) + "# newer\n" + "".join(newer), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
