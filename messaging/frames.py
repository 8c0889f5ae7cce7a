"""The part of a traceback that is about our own code, which is the part that staff can act on."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: A line that begins a frame; the lines of an exception group stand behind a bar.
_FRAME = re.compile(r'^[ |+-]*File "([^"\n]+)", line \d+, in ')
#: Where code lives that others have written.
_NOT_OURS = re.compile(r"/(site|dist)-packages/|/lib(64)?/python3[^/]*/|^<")


def ours(traceback: str) -> str:
    """The frames of our code in the order of the traceback. Empty if it has no other, or none of it."""
    frames = list(_frames(traceback))
    kept = [text for path, text in frames if not _NOT_OURS.search(path)]
    return "\n".join(kept) if len(kept) < len(frames) else ""


def _frames(traceback: str) -> Iterator[tuple[str, str]]:
    """Path and text of each frame: its first line, and those that are indented more deeply than that."""
    path, indent, lines = "", 0, list[str]()
    for line in [*traceback.splitlines(), ""]:
        depth = len(line) - len(line.lstrip(" |"))
        if lines and (depth <= indent or not line.strip()):
            yield path, "\n".join(lines)
            lines = []
        if match := _FRAME.match(line):
            path, indent, lines = match[1], depth, [line]
        elif lines:
            lines.append(line)
