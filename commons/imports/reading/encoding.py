"""Bytes of unknown origin to text. Never guesses silently: what was guessed comes back as findings.

Spreadsheets saved in Mexico come as UTF-8, Windows-1252, Mac Roman, CP850 or UTF-16. In a wrong one of the
single-byte encodings, letters turn into signs in the middle of words ("Cuauht‡moc"); that tells them apart.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from commons.findings import Finding

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTE = ("cp1252", "mac_roman", "cp850", "latin-1")
_EXPECTED = frozenset("áéíóúüñÁÉÍÓÚÜÑ¿¡«»“”‘’–—…°ºª´·€©®çÇàèìòùâêîôûãõäößÀÈÂÊÔÖÄ\u00a0")
_WITHIN_WORDS = "’"  # MEDA’s, d’Alembert
_SAMPLE = 200_000
# What UTF-8 looks like after it was read as something else and saved again; some texts went through it twice.
_MOJIBAKE = (
    ("cp1252", re.compile(r"[ÃÂâ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")),
    ("mac_roman", re.compile(r"[√¬‚][^\x00-\x7f]")),
)
_MOST_TIMES = 3
_PLACEHOLDER = "\ufffd"


def decode(data: bytes) -> tuple[str, str, list[Finding]]:
    """(text, name of the encoding, findings). Every byte is represented; lines keep their endings."""
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _decode_marked(data, name)
    wide = _wide_without_mark(data)
    if wide:
        return data.decode(wide, errors="replace"), wide, [_guessed(wide)]
    try:
        return data.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError:
        pass
    mixed = _mixed(data)
    if mixed:
        return mixed
    name = _best_single_byte(data)
    return data.decode(name, errors="replace"), name, [_guessed(name)]


def mend_mojibake(text: str) -> str | None:
    """`text` as it was before being garbled ("CuauhtÃ©moc"), or None where it does not look garbled."""
    mended = text
    for _time in range(_MOST_TIMES):
        codec = next((codec for codec, looks in _MOJIBAKE if looks.search(mended)), None)
        if codec is None:
            break
        try:
            mended = mended.encode(codec).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            break
    return mended if mended != text else None


def _decode_marked(data: bytes, name: str) -> tuple[str, str, list[Finding]]:
    text = data.decode(name, errors="replace")
    lost = text.count(_PLACEHOLDER)
    findings = [Finding("bytes-unreadable", details={"n": lost, "encoding": name})] if lost else []
    return text, name, findings


def _guessed(name: str) -> Finding:
    return Finding("encoding-guessed", details={"encoding": name})


def _wide_without_mark(data: bytes) -> str | None:
    """UTF-16 without its mark: every second byte of Western text is zero."""
    head = data[:4000]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / max(len(head[1::2]), 1)
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    if even > 0.6 and odd < 0.1:
        return "utf-16-be"
    return None


def _mixed(data: bytes) -> tuple[str, str, list[Finding]] | None:
    """A file with lines of UTF-8 and lines of another encoding (two exports pasted together).

    Letters of another encoding hardly ever make valid UTF-8, so one such line is enough to tell.
    """
    lines = re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data)
    good = bad = 0
    for line in lines:
        if not line.isascii():
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
    if not good:
        return None
    other = _best_single_byte(b"".join(line for line in lines if not _is_utf8(line)))
    text = "".join(
        line.decode("utf-8") if _is_utf8(line) else line.decode(other, errors="replace") for line in lines
    )
    return text, "utf-8", [Finding("encoding-mixed", details={"n": bad, "encoding": other})]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _best_single_byte(data: bytes) -> str:
    sample = _around_high_bytes(data)
    scores = {name: _score(sample, name) for name in _SINGLE_BYTE}
    best = max(_SINGLE_BYTE, key=lambda name: scores[name])  # on a tie the first: the commonest
    if scores[best] >= 0:
        return best
    guess = from_bytes(data[:_SAMPLE]).best()  # not a Western text: Cyrillic, Chinese …
    return guess.encoding if guess is not None else best


def _around_high_bytes(data: bytes) -> bytes:
    """The words that decide, from the whole file: plain ASCII says nothing about the encoding."""
    found = re.findall(rb"[\x20-\x7e]?[\x80-\xff]+[\x20-\x7e]?", data)
    return b"\n".join(found[:20_000])


def _score(sample: bytes, name: str) -> float:
    """Above 0 where the letters stand as in Spanish words; below, where signs stand inside words."""
    try:
        text = sample.decode(name)
    except UnicodeDecodeError:
        return -1000.0
    total = 0.0
    for at, c in enumerate(text):
        if c.isascii():
            continue
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        inside = before.isalpha() and after.isalpha()
        if c in _EXPECTED:
            # a capital in the middle of a small word is the sign of a wrong guess
            total += -1 if c.isupper() and before.islower() and after.islower() else 1
            if inside and not c.isalpha() and c not in _WITHIN_WORDS:
                total -= 2
        else:
            total -= 3 if inside or not c.isprintable() else 1
    return total
