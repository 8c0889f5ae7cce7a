"""Pages that show progress by themselves: the browser asks again, without a script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

#: Seconds between two looks.
PAUSE = 3
#: Its presence in an address stops the page.
STILL = "still"


def keep_fresh(
    request: HttpRequest, response: HttpResponse, *, while_: bool = True, pause: int = PAUSE
) -> HttpResponse:
    """Have the browser load this page again soon, while something is under way and its reader does not mind.

    The header does what <meta http-equiv="refresh"> does, and whoever reads slowly can stop it by a link.
    """
    if while_ and STILL not in request.GET:
        response["Refresh"] = f"{pause}; url={request.get_full_path()}"
    return response
