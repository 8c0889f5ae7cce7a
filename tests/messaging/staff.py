"""Members of staff, and what they look at: Alice may do everything, Bob what a test lets him."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from messaging.models import FailedJob

LIST = "/admin/messaging/failedjob/"
HOSTILE = '<script>alert("Mallory")</script>'


def page_of(failed: FailedJob) -> str:
    return reverse("admin:messaging_failedjob_change", args=[failed.pk])


def retry_of(*failed: FailedJob) -> str:
    return f"{LIST}retry/?ids={','.join(str(each.pk) for each in failed)}"


def discard_of(*failed: FailedJob) -> str:
    return f"{LIST}discard/?ids={','.join(str(each.pk) for each in failed)}"


def selection(action: str, *failed: FailedJob) -> dict[str, Any]:
    """What the list sends when these rows are ticked and "Go" is pressed."""
    return {"action": action, "_selected_action": [each.pk for each in failed], "index": 0}


def signed_in(name: str, *permissions: str) -> Client:
    """The browser of a member of staff who may do just this."""
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client
