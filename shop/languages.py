"""The shop speaks the languages of `settings.LANGUAGES` with customers, and English with staff."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

Respond = Callable[[HttpRequest], HttpResponse]

#: Takes `language` and `next` from a form and remembers the choice. Needs no token: a page elsewhere that switched
#: somebody's language would gain nothing, and pages without another form need no cookie for this one.
choose = csrf_exempt(set_language)


def english_for_staff(respond: Respond) -> Respond:
    """Middleware, after Django's own: what staff read and log is in one language, whatever their browsers ask for."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/admin/"):
            translation.activate("en")  # until the next request, which activates its own
            request.LANGUAGE_CODE = "en"
        return respond(request)

    return middleware
