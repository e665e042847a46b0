"""Letters for the sheets: a font that has them, or the letters spelled by their numbers."""

import os
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

# Where systems keep fonts; the one that comes with Pillow has the letters of English alone.
_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
_ENDINGS = (".ttf", ".otf", ".ttc")
# Looked at, at most: a machine may have thousands.
_MOST = 400
# Read first where it is there: a plain face with many scripts.
_PLAIN = (
    "DejaVuSans.",
    "NotoSans-Regular.",
    "FreeSans.",
    "NotoSansCJK-Regular.",
    "LiberationSans-",
)
# No font has it, so that it shows how a font draws what it does not have.
_NOTHING = "\U0010fffe"


def lettered(text: str, size: int) -> tuple[str, Any]:
    """Returns a text on one line, and a font of that size that has all its letters.

    Where no font has a letter, it is spelled: `U+4E00`. Two texts that differ look different.
    """
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    own = ImageFont.load_default(size)
    missing = _missing(own, text)
    if not missing:
        return text, own
    for path in _fonts():
        font = _loaded(path, size)
        if font is not None and not _missing(font, text):
            return text, font
    return "".join(f"U+{ord(letter):04X}" if letter in missing else letter for letter in text), own


def fitted(text: str, font: Any, width: int, height: int) -> str:
    """Returns the text in lines no wider than `width`, and no more of them than fit `height`.

    A word that is wider is broken.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        *whole, rest = _broken(word, font, width)
        lines += [*whole, rest]
    lines = [line for line in lines if line] or [""]
    room = max(1, height // (font.size + 5))
    if len(lines) > room:
        last = lines[room - 1]
        while last and font.getlength(f"{last} ...") > width:
            last = last[:-1]
        lines = [*lines[: room - 1], f"{last} ..."]
    return "\n".join(lines)


def _broken(word: str, font: Any, width: int) -> list[str]:
    """Returns a word in parts no wider than `width`, each of a letter or more."""
    parts = [""]
    for letter in word:
        if parts[-1] and font.getlength(parts[-1] + letter) > width:
            parts.append("")
        parts[-1] += letter
    return parts


def _missing(font: Any, text: str) -> set[str]:
    """Returns the letters that a font draws as it draws what it does not have, or can't draw."""
    box = _drawn(font, _NOTHING)
    return {
        letter
        for letter in set(text) - {" "}
        if not letter.isprintable() or _drawn(font, letter) in (box, None)
    }


def _drawn(font: Any, letter: str) -> tuple[Any, ...] | None:
    """Returns what a letter looks like; None where it can't be drawn, or nothing is seen of it."""
    try:
        mask = font.getmask(letter)
    except (OSError, ValueError, UnicodeError):
        return None
    return (mask.size, bytes(mask)) if mask.getbbox() else None


@cache
def _fonts() -> tuple[Path, ...]:
    """Returns the fonts of the system, plain ones first."""
    found = sorted(_files())
    plain = [path for name in _PLAIN for path in found if path.name.startswith(name)]
    return tuple(dict.fromkeys([*plain, *found]))[:_MOST]


def _files() -> Iterator[Path]:
    for folder in _FOLDERS:
        for place, _, names in os.walk(Path(folder).expanduser()):
            yield from (Path(place, name) for name in names if name.lower().endswith(_ENDINGS))


@cache
def _loaded(path: Path, size: int) -> Any:
    """Returns a font, or None where Pillow can't draw with it."""
    try:
        return ImageFont.truetype(str(path), size)
    except (OSError, ValueError):
        return None
