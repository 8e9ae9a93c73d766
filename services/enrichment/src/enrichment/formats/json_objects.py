"""JSON objects one by one, from arrays far larger than memory."""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from enrichment.formats.listing import NO_LETTER, FileBroken

CHUNK_BYTES = 1 << 20
"""Some five hundred companies: few reads, little memory."""
OBJECT_CHARACTERS_MAX = 1 << 26
"""A page of the largest size is half as long; what is longer has lost its end."""
LOST_LETTERS_MAX = 100
"""A few bytes may be damaged; a file of another encoding has more."""
_BETWEEN = " \t\r\n,"


def objects(file: BinaryIO) -> Iterator[dict[str, Any]]:
    """Return the objects of an array, or of an answer that embeds one.

    An answer without `_embedded` embeds nothing. Raises `FileBroken` where the text is no JSON
    or ends too early.
    """
    text = _Text(file)
    match text.first():
        case "[":
            text.drop(1)
            yield from _array(text)
        case "{":
            yield from _embedded(text.value())
        case _:
            raise FileBroken("neither a JSON array nor an object")


def _array(text: "_Text") -> Iterator[dict[str, Any]]:
    while True:
        first = text.first()
        if first == "]":
            return
        if not first:
            raise FileBroken("the JSON array has no end")
        value = text.value()
        yield value if isinstance(value, dict) else {}


def _embedded(page: Any) -> Iterator[dict[str, Any]]:
    if "organisasjonsnummer" in page:
        yield page
    embedded = page.get("_embedded")
    for found in embedded.values() if isinstance(embedded, dict) else ():
        if isinstance(found, list):
            yield from (value if isinstance(value, dict) else {} for value in found)


class _Text:
    """Text that is read ahead as far as the next value needs."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = json.JSONDecoder()
        self._ahead = ""
        self._at = 0
        self._lost = 0
        # Keeps back the first bytes of a character that is cut in two.
        self._decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode

    def first(self) -> str:
        """Return the next character that counts, or nothing at the end."""
        while True:
            while self._at < len(self._ahead) and self._ahead[self._at] in _BETWEEN:
                self._at += 1
            if self._at < len(self._ahead):
                return self._ahead[self._at]
            if not self._more():
                return ""

    def drop(self, count: int) -> None:
        """Pass over some characters."""
        self._at += count

    def value(self) -> Any:
        """Return the next value."""
        while True:
            try:
                value, self._at = self._decoder.raw_decode(self._ahead, self._at)
            except (ValueError, RecursionError) as error:
                too_long = len(self._ahead) - self._at > OBJECT_CHARACTERS_MAX
                if too_long or not self._more():
                    raise FileBroken(f"no JSON: {error}") from error
            else:
                return value

    def _more(self) -> bool:
        """Read on; false at the end of the file."""
        chunk = self._file.read(CHUNK_BYTES)
        if not chunk:
            return False
        text = self._decode(chunk)
        self._lost += text.count(NO_LETTER)
        if self._lost > LOST_LETTERS_MAX:
            raise FileBroken("the text is not UTF-8")
        self._ahead = self._ahead[self._at :] + text
        self._at = 0
        return True
