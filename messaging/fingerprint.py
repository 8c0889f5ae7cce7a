"""What failed in the same way: errors that differ only in whom they met have the same fingerprint."""

from __future__ import annotations

import re
from hashlib import blake2b

#: What tells one customer, order or moment from another. Reply codes of mail and web servers (4xx, 5xx) stay: they tell
#: one kind of failure from another.
_PARTICULAR = re.compile(
    r"""
    [^\s<>"'(){}\[\],;:]+@[^\s<>"'(){}\[\],;:]+      # e-mail addresses
    | \b[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b  # UUIDs
    | \b0x[0-9a-f]+\b | \b(?=[a-f]*\d)[0-9a-f]{8,}\b   # addresses in memory, digests, a mail server's queue ids
    | (?<!\d)(?![45]\d\d(?!\d))\d+                     # numbers
    """,
    re.IGNORECASE | re.VERBOSE,
)

#: Characters of an error that count: what follows is usually a quotation.
COMPARED = 300


def fingerprint(*, queue: str, error_class: str, error: str) -> str:
    """Sixteen hexadecimal digits, the same for the same kind of failure of the same job."""
    general = " ".join(_PARTICULAR.sub("#", error[:COMPARED]).split())
    return blake2b(f"{queue}\n{error_class}\n{general}".encode(), digest_size=8).hexdigest()
