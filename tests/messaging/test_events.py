from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.events import Event, NewerVersion, NotAMessage, UnknownType, decode_envelope, decode_event, encode

ID = UUID("01936f5e-0000-7000-8000-000000000001")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class ParcelWeighed(Event, frozen=True):
    type: ClassVar[str] = "tests.parcel_weighed"
    version: ClassVar[int] = 3
    parcel: int
    grams: int | None = None
    label: str = ""


def on_the_wire(event: Event = ParcelWeighed(parcel=7), **changes: Any) -> bytes:  # noqa: B008 - events are frozen
    envelope = json.loads(encode(event, message_id=ID, source="shop", time=NOON, subject="post.parcel/7"))
    return json.dumps(envelope | changes).encode()


parcels = st.builds(
    ParcelWeighed, parcel=st.integers(-(2**63), 2**63 - 1), grams=st.none() | st.integers(0, 10**6), label=st.text()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(parcels)
def test_what_is_written_is_read(event: ParcelWeighed) -> None:
    envelope = decode_envelope(encode(event, message_id=ID, source="shop", time=NOON, subject="post.parcel/7"))
    assert decode_event(envelope) == event
    assert (envelope.id, envelope.source, envelope.time) == (ID, "shop", NOON)
    assert (envelope.type, envelope.eventversion) == ("tests.parcel_weighed", 3)


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_bytes_from_anywhere_are_a_message_or_are_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAMessage, match=r"The body is not a CloudEvents 1\.0 JSON envelope"):
        decode_envelope(body)


@given(json_values)
def test_data_that_does_not_fit_its_event_is_said_not_to(data: object) -> None:
    try:
        event = decode_event(decode_envelope(on_the_wire(data=data)))
    except NotAMessage:
        return
    # The generator may hit upon a parcel.
    assert isinstance(event, ParcelWeighed)


def test_deeply_nested_data_ends_no_worker() -> None:
    nested = b"[" * 100_000 + b"]" * 100_000
    body = on_the_wire().replace(b'"data": {', b'"data": ' + nested + b', "x": {')
    with pytest.raises(NotAMessage):
        decode_event(decode_envelope(body))


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownType, match=r"'tests\.parcel_lost'"):
        decode_event(decode_envelope(on_the_wire(type="tests.parcel_lost")))


def test_what_a_newer_release_wrote_is_not_guessed_at() -> None:
    with pytest.raises(NewerVersion, match="has version 4; this release reads up to version 3"):
        decode_event(decode_envelope(on_the_wire(eventversion=4)))


def test_what_an_older_release_wrote_is_read() -> None:
    assert decode_event(decode_envelope(on_the_wire(eventversion=1, data={"parcel": 7}))) == ParcelWeighed(parcel=7)


def test_two_events_cannot_share_a_type() -> None:
    with pytest.raises(TypeError, match=r"Two events have the type 'tests\.parcel_weighed'"):
        type("ParcelSent", (Event,), {"type": "tests.parcel_weighed", "__annotations__": {}})
