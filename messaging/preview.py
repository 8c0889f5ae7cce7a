"""Bytes and texts that anybody may have written, made fit for a page: readable, and of bounded size."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import msgspec

#: Characters. More than a person reads, little enough for a page that shows fifty tracebacks.
LONGEST = 20_000

#: Control characters, halves of surrogate pairs, and what turns the direction of the text around it.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)

#: What anybody would take for an e-mail address; rather too much than too little.
ADDRESS = re.compile(r"([^\s<>\"'(){}\[\],;:@])[^\s<>\"'(){}\[\],;:@]*@([^\s<>\"'(){}\[\],;:@]+)")


@dataclass(frozen=True)
class Preview:
    text: str
    #: What a reader should know about the text: that it was cut, that it is no JSON. Empty if there is nothing.
    note: str

    def without_addresses(self) -> Preview:
        return Preview(without_addresses(self.text), self.note)


def of_body(body: bytes) -> Preview:
    """Formatted JSON; else text; else the bytes as Python writes them."""
    try:
        return of_text(msgspec.json.format(body, indent=2).decode())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    if not body:
        return Preview("", "It is empty.")
    try:
        shown = of_text(body.decode())
    except UnicodeDecodeError:
        written = repr(body[:LONGEST])[2:-1]
        cut = f" Cut after {LONGEST:,} characters." if len(written) > LONGEST else ""
        return Preview(written[:LONGEST], f"Not text: {len(body):,} bytes, shown as Python writes them.{cut}")
    return Preview(shown.text, f"Not JSON. {shown.note}".strip())


def of_json(value: object) -> Preview:
    return of_text(json.dumps(value, indent=2, ensure_ascii=False))


def of_text(text: str) -> Preview:
    note = f"Cut after {LONGEST:,} of {len(text):,} characters." if len(text) > LONGEST else ""
    return Preview(visible(text[:LONGEST]), note)


def of_traceback(text: str) -> Preview:
    """Its end, if it is too long: that is where the error is."""
    note = f"Only the last {LONGEST:,} of {len(text):,} characters." if len(text) > LONGEST else ""
    return Preview(visible(text[-LONGEST:]), note)


def in_a_line(text: str, *, longest: int) -> str:
    line = visible(" ".join(text[: 2 * longest].split()))
    return line if len(line) <= longest and len(text) <= 2 * longest else f"{line[: longest - 1]}…"


def without_addresses(text: str) -> str:
    """For those who may not see e-mail addresses: "a***@example.org"."""
    return ADDRESS.sub(r"\1***@\2", text)


def visible(text: str) -> str:
    r"""What cannot be seen is written out, as in \x00."""
    return _INVISIBLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
