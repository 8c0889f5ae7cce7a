"""Notices a broker that keeps a connection alive, heartbeats and all, and does nothing on its channel."""

from __future__ import annotations

import time

#: Seconds. A queue without a majority answers after some, one after the other.
PATIENCE = 60.0


class Progress:
    """Of one channel, in the Link's thread."""

    def __init__(self) -> None:
        self._unanswered = 0
        self._last_answer = 0.0
        #: Since when each queue has had messages for us and has given us none.
        self._keeps_since: dict[str, float] = {}
        self._looked = time.monotonic()

    def asked(self) -> None:
        """A question has gone to the broker."""
        if not self._unanswered:
            self._last_answer = time.monotonic()
        self._unanswered += 1

    def told(self, queue: str, *, waiting: bool) -> None:
        """The answer has come; `waiting`: there are messages that we would take."""
        self._unanswered -= 1
        self._last_answer = time.monotonic()
        if waiting:
            self._keeps_since.setdefault(queue, self._last_answer)
        else:
            self._keeps_since.pop(queue, None)

    def delivered(self, queue: str) -> None:
        self._keeps_since.pop(queue, None)

    def missing(self) -> str:
        """Why this channel is of no use any more; "" while all is well. Call it before each question."""
        now = time.monotonic()
        if now - self._looked > PATIENCE / 2:
            self._keeps_since.clear()  # it was us who did not ask
        self._looked = now
        if self._unanswered and now - self._last_answer > PATIENCE:
            return f"the channel has not answered for {PATIENCE:.0f} s"
        for queue, since in self._keeps_since.items():
            if now - since > PATIENCE:
                return f"{queue} has messages and has delivered none for {PATIENCE:.0f} s"
        return ""
