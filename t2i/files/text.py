"""Text of anybody's, in the bytes that people's programs write -> clean sentences."""

import codecs
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from t2i.errors import InputError

# The longer marks first: one of UTF-32 begins like one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# How tables spell that nothing is there. Source: pandas.read_csv, na_values.
_MISSING = frozenset({"nan", "-nan", "none", "null", "n/a", "na", "#n/a", "<na>"})
# What a byte that is no text becomes.
_UNREAD = re.compile("[\udc80-\udcff]")
# Lines that are named.
_NAMED = 5


class Text(NamedTuple):
    """What a file of text says.

    Attributes:
        content: bytes that are neither UTF-8 nor Windows-1252 are lone surrogates in it.
        remark: how it was read where it is no UTF-8, or None.
    """

    content: str
    remark: str | None


def read_text(path: Path, most: int) -> Text:
    """Returns the text of a file of at most `most` bytes.

    Raises:
        InputError: it can't be read, is larger, or is no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise InputError(f"expected text in {path}, got: {error.strerror}") from error
    if len(content) > most:
        raise InputError(f"expected at most {most} bytes of captions in {path}, got more")
    try:
        return decoded(content)
    except InputError as error:
        raise InputError(f"expected text in {path}, got {error}") from error


def decoded(content: bytes) -> Text:
    """Returns the text in some bytes: by their mark, else as UTF-8, else as Windows-1252.

    A line is Windows-1252 where it is no UTF-8 and no byte of it is one that Windows-1252
    leaves open.

    Raises:
        InputError: what they are instead.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return Text(content[len(mark) :].decode(encoding), None)
            except UnicodeDecodeError as error:
                if encoding == "utf-8":
                    content = content[len(mark) :]
                    break
                raise InputError(f"{encoding.upper()} that is cut or damaged") from error
    if b"\0" in content:
        raise InputError("a zero byte")
    try:
        return Text(content.decode(), None)
    except UnicodeDecodeError:
        return _line_by_line(content)


def _line_by_line(content: bytes) -> Text:
    lines, of_windows = [], []
    for number, line in enumerate(content.split(b"\n"), 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError:
            try:
                lines.append(line.decode("cp1252"))
                of_windows.append(str(number))
            except UnicodeDecodeError:
                lines.append(line.decode(errors="surrogateescape"))
    more = f" and {len(of_windows) - _NAMED} more" if len(of_windows) > _NAMED else ""
    places = ", ".join(of_windows[:_NAMED]) + more
    remark = f"expected UTF-8, got Windows-1252 in line {places}" if of_windows else None
    return Text("\n".join(lines), remark)


class Sentences(NamedTuple):
    """Clean sentences.

    Attributes:
        texts: a space between words; none is empty or says `nan`.
        remark: how many did say so, or None.
    """

    texts: tuple[str, ...]
    remark: str | None


def sentences(texts: Iterable[str]) -> Sentences:
    """Returns the sentences in some texts.

    Raises:
        InputError: what one holds that is no text.
    """
    clean = []
    for text in texts:
        if _UNREAD.search(text):
            raise InputError("bytes that are neither UTF-8 nor Windows-1252; save it as UTF-8")
        # Other lone surrogates, which JSON can spell, fit into no file.
        text = text.encode("utf-8", "replace").decode().replace("\0", " ").replace("\ufeff", "")
        clean.append(" ".join(text.split()))
    said = [text for text in clean if text]
    kept = tuple(text for text in said if text.lower() not in _MISSING)
    if len(kept) == len(said):
        return Sentences(kept, None)
    none = next(text for text in said if text.lower() in _MISSING)
    return Sentences(kept, f"expected captions, got {len(said) - len(kept)} that say {none!r}")


def joined(*remarks: str | None) -> str | None:
    """Returns the remarks that there are, as one."""
    return "; ".join(dict.fromkeys(remark for remark in remarks if remark)) or None
