"""Events, and the envelope in which they travel.

An event is a fact that the application publishes: a typed, versioned class. On the wire and in the outbox it is the
`data` of a CloudEvents 1.0 JSON envelope (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

CONTENT_TYPE = "application/cloudevents+json"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Subclass it in `<app>/events.py`. Fields hold ids and versions, never personal data: messages may outlive orders.

    A field added later needs a default, so that messages written before it can still be read; a change that older
    workers would misread raises `version`, and they put such messages aside for staff.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        known = _types.setdefault(cls.type, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"Two events have the type {cls.type!r}: {known.__qualname__} and {cls.__qualname__}.")


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What surrounds an event: who sent what, when and about which object."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    time: datetime
    subject: str = ""
    datacontenttype: Literal["application/json"] = "application/json"
    #: The event's version. CloudEvents allows extension attributes; their names are lower-case letters and digits.
    eventversion: int = 1
    data: msgspec.Raw


class Unreadable(Exception):
    """The bytes are not an event that this release understands. The message says why."""


class NotAMessage(Unreadable):
    """The bytes are no envelope, or the data does not fit its event."""


class UnknownType(Unreadable):
    """No event of this release has that type."""


class NewerVersion(Unreadable):
    """A newer release wrote it, and said that older ones must not guess."""


def encode(event: Event, *, message_id: UUID, source: str, time: datetime, subject: str) -> bytes:
    envelope = Envelope(
        id=message_id,
        source=source,
        type=event.type,
        time=time,
        subject=subject,
        eventversion=event.version,
        data=msgspec.Raw(_encoder.encode(event)),
    )
    return _encoder.encode(envelope)


def decode_envelope(body: bytes) -> Envelope:
    """Raises NotAMessage."""
    try:
        return _envelopes.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAMessage(f"The body is not a CloudEvents 1.0 JSON envelope: {error}.") from error


def decode_event(envelope: Envelope) -> Event:
    """Raises UnknownType, NewerVersion or NotAMessage."""
    event = _types.get(envelope.type)
    if event is None:
        raise UnknownType(f"No event of this release has the type {envelope.type!r}.")
    if envelope.eventversion > event.version:
        raise NewerVersion(
            f"{envelope.type} has version {envelope.eventversion}; this release reads up to version {event.version}."
        )
    try:
        return msgspec.json.decode(envelope.data, type=event)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotAMessage(f"The data does not fit {envelope.type}: {error}.") from error


_types: dict[str, type[Event]] = {}
_encoder = msgspec.json.Encoder()
_envelopes = msgspec.json.Decoder(Envelope)
