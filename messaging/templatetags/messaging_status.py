from __future__ import annotations

from typing import Any

from django import template

from messaging.admin.overview import describe
from messaging.status import status

register = template.Library()


@register.inclusion_tag("admin/messaging/panel.html", takes_context=True)
def messaging_panel(context: template.Context) -> dict[str, Any]:
    """For the admin's index: what waits, what failed, what is wrong. Nothing for those who may not see the workers."""
    user = context["request"].user
    if not user.has_perm("messaging.view_worker"):
        return {}
    return {**describe(status()), "can_see_failed": user.has_perm("messaging.view_failedjob")}
