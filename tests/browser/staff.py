"""Members of staff in a browser."""

from __future__ import annotations

from django.contrib.auth.models import User
from playwright.sync_api import Page


def sign_in(page: Page, user: User, *, password: str) -> None:
    """Signs in as a person does, and stands at the admin's index."""
    page.goto("/admin/")
    page.get_by_label("Username:").fill(user.get_username())
    page.get_by_label("Password:").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
