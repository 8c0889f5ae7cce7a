"""Messages of strangers, for hypothesis: bytes, properties, headers and envelopes that no release of ours would send.

RabbitMQ takes them all. pika cannot say everything that AMQP can, so `thrown()` teaches it raw header values.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pika.data
from hypothesis import strategies as st
from pika import BasicProperties

#: What pika's encoder calls for each value of a table.
_encode_value = pika.data.encode_value


@dataclass(frozen=True)
class Raw:
    """A header's value as it goes over the wire: the letter of its type, then its bytes."""

    encoded: bytes


@dataclass(frozen=True)
class StrangeMessage:
    body: bytes
    properties: BasicProperties


@contextmanager
def thrown() -> Iterator[None]:
    """In this block pika sends Raw values too."""

    def encode_value(pieces: list[bytes], value: Any) -> int:
        if isinstance(value, Raw):
            pieces.append(value.encoded)
            return len(value.encoded)
        return _encode_value(pieces, value)

    with mock.patch.object(pika.data, "encode_value", encode_value):
        yield


def strange_messages(types: Sequence[str]) -> st.SearchStrategy[StrangeMessage]:
    """`types` are the event types that some of them pretend to be."""
    return st.builds(StrangeMessage, body=bodies(types), properties=properties(types))


def bodies(types: Sequence[str]) -> st.SearchStrategy[bytes]:
    return st.one_of(
        st.binary(max_size=200),
        # Larger than anything that is published here, and than one frame.
        st.binary(min_size=1, max_size=20).map(lambda some: some * 10_000),
        json_values().map(dumped),
        st.integers(1, 5_000).map(lambda depth: b"[" * depth + b"]" * depth),
        envelopes(types).map(dumped),
        envelopes(types).map(dumped).flatmap(torn),
    )


def envelopes(types: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """CloudEvents, almost: each attribute may be right, wrong, or missing."""
    right: dict[str, st.SearchStrategy[Any]] = {
        "specversion": st.just("1.0"),
        "id": st.uuids().map(str),
        "source": texts(),
        "type": st.sampled_from(types),
        "time": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
        "data": st.one_of(orders(), json_values()),
    }
    wrong: dict[str, st.SearchStrategy[Any]] = {name: json_values() for name in right}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "subject": texts(),
        "datacontenttype": st.sampled_from(["application/json", "text/xml"]),
        "eventversion": st.one_of(st.integers(), st.floats(), texts()),
        "data_base64": texts(),
    }
    return st.one_of(
        st.fixed_dictionaries(right, optional=optional),
        st.fixed_dictionaries({}, optional=right | optional),
        st.fixed_dictionaries({}, optional=wrong | optional),
    )


def orders() -> st.SearchStrategy[dict[str, Any]]:
    """The data of an event about an order that nobody has placed: a real one would get a second e-mail."""
    nowhere = st.one_of(st.integers(max_value=0), st.integers(min_value=2**40))
    return st.fixed_dictionaries({"order_id": nowhere}, optional={"request_id": st.uuids().map(str), "more": texts()})


def properties(types: Sequence[str]) -> st.SearchStrategy[BasicProperties]:
    """Valid for RabbitMQ, which closes a sender's channel if delivery mode, user or expiration make no sense."""
    short = short_strings()
    any_of: dict[str, st.SearchStrategy[Any]] = {
        "content_type": short,
        "content_encoding": short,
        "headers": headers(),
        "delivery_mode": st.sampled_from([1, 2]),
        "priority": st.integers(0, 255),
        "correlation_id": short,
        "reply_to": short,
        "expiration": st.integers(0, 60_000).map(str),
        "message_id": st.one_of(short, st.uuids().map(str)),
        "timestamp": st.integers(0, 2**63 - 1),
        "type": st.one_of(short, st.sampled_from(types)),
        "app_id": short,
        "cluster_id": short,
    }
    return st.fixed_dictionaries({}, optional=any_of).map(lambda chosen: BasicProperties(**chosen))


def headers() -> st.SearchStrategy[dict[str | bytes, Any]]:
    """Some of them have a meaning for RabbitMQ or for us. CC and BCC are left out: RabbitMQ itself refuses nonsense."""
    ours = st.sampled_from(["x-attempt", "x-first-death-queue", "x-first-death-reason", "x-death", "x-delivery-count"])
    return st.dictionaries(st.one_of(ours, short_strings(60)), header_values(), max_size=5)


def header_values() -> st.SearchStrategy[Any]:
    plain = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        texts(),
        st.binary(max_size=50),
        st.decimals(-(10**6), 10**6, places=2),
        st.datetimes(min_value=datetime(1970, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants it so
        raw(),
    )
    names = short_strings(20)
    return st.recursive(plain, lambda each: st.lists(each, max_size=3) | st.dictionaries(names, each, max_size=3))


def raw() -> st.SearchStrategy[Raw]:
    """What other languages' libraries send and pika does not: small integers, floats, moments after the year 9999."""
    return st.one_of(
        st.integers(-(2**7), 2**7 - 1).map(lambda value: Raw(struct.pack(">cb", b"b", value))),
        st.integers(-(2**15), 2**15 - 1).map(lambda value: Raw(struct.pack(">ch", b"s", value))),
        st.floats(width=32, allow_nan=False, allow_infinity=False).map(
            lambda value: Raw(struct.pack(">cf", b"f", value))
        ),
        st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Raw(struct.pack(">cd", b"d", value))),
        st.integers(0, 2**64 - 1).map(lambda value: Raw(struct.pack(">cQ", b"T", value))),
        # Milliseconds where AMQP wants seconds: a frequent mistake.
        st.just(Raw(struct.pack(">cQ", b"T", 1_800_000_000_000))),
        st.binary(max_size=30).map(lambda value: Raw(struct.pack(">cI", b"S", len(value)) + value)),
        st.integers(1, 2_000).map(nested),
    )


def nested(depth: int) -> Raw:
    """A list in a list in a list."""
    encoded = b""
    for _ in range(depth):
        encoded = struct.pack(">cI", b"A", len(encoded)) + encoded
    return Raw(encoded)


def short_strings(longest: int = 255) -> st.SearchStrategy[str | bytes]:
    """At most so many bytes; not all of them are UTF-8."""
    text = texts(longest // 4)
    return st.one_of(text, st.binary(max_size=longest))


def texts(longest: int = 50) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=longest)


def json_values() -> st.SearchStrategy[Any]:
    plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts())
    return st.recursive(
        plain,
        lambda each: st.lists(each, max_size=4) | st.dictionaries(texts(20), each, max_size=4),
        max_leaves=10,
    )


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


def torn(body: bytes) -> st.SearchStrategy[bytes]:
    """The beginning of it, or with a byte changed."""
    place = st.integers(0, max(0, len(body) - 1))
    return st.one_of(
        place.map(lambda end: body[:end]),
        st.tuples(place, st.integers(0, 255)).map(lambda hit: body[: hit[0]] + bytes([hit[1]]) + body[hit[0] + 1 :]),
    )
