"""Headers that pika cannot decode: a stranger's NaN, a timestamp in milliseconds, tables in tables without end.

pika raises in the middle of its event loop, which ends the thread, and with it the worker; the message would come
again, to the next one. So what cannot be decoded stands in the header table as the bytes that it was.
"""

from __future__ import annotations

import struct
from typing import Any

from pika import data

#: The header under which an undecodable table is kept.
UNREADABLE = "unreadable"
#: The bytes that say how long a table is.
LENGTH = struct.Struct(">I")

_decode_table = data.decode_table


def decode_table(encoded: bytes, offset: int) -> tuple[dict[str | bytes, Any], int]:
    try:
        return _decode_table(encoded, offset)
    except Exception:
        begin = offset + LENGTH.size
        end = begin + LENGTH.unpack_from(encoded, offset)[0]
        return {UNREADABLE: encoded[begin:end]}, end


data.decode_table = decode_table
