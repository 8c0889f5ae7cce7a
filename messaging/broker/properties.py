"""What strangers write into the properties of a message, and pika cannot read.

RabbitMQ lets pass what pika takes for the end of the connection: a moment after the year 9999 (milliseconds where AMQP
has seconds: an easy mistake), lists in lists without end, text that is not UTF-8. Such a message would disconnect each
worker in turn, for ever. It is read as far as possible instead, and left to the job.
"""

from __future__ import annotations

import logging

from pika import BasicProperties, spec

logger = logging.getLogger(__name__)

#: The header that says why the others are missing.
UNREADABLE = "x-unreadable"


class ReadableProperties(BasicProperties):
    """What cannot be read stays as if it had not been sent."""

    def decode(self, encoded: bytes, offset: int = 0) -> BasicProperties:
        try:
            super().decode(encoded, offset)  # type: ignore[no-untyped-call]  # code that pika generates
        except Exception as error:
            logger.warning("A message has headers that cannot be read: %s", error)
            self.headers = {UNREADABLE: f"{type(error).__name__}: {error}"}
        return self


spec.props[BasicProperties.INDEX] = ReadableProperties
