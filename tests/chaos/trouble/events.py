from __future__ import annotations

from typing import ClassVar

from messaging.events import Event


class Looped(Event, frozen=True):
    """Its job runs for ever, in Python."""

    type: ClassVar[str] = "trouble.looped"


class Froze(Event, frozen=True):
    """Its job hangs where Python cannot interrupt it."""

    type: ClassVar[str] = "trouble.froze"


class Vanished(Event, frozen=True):
    """Its job ends the whole process."""

    type: ClassVar[str] = "trouble.vanished"


class Leaked(Event, frozen=True):
    """Its job takes all memory there is."""

    type: ClassVar[str] = "trouble.leaked"


class AppointmentMade(Event, frozen=True):
    """Published for later."""

    type: ClassVar[str] = "trouble.appointment_made"
