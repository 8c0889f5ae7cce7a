from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import serious_violations

pytestmark = pytest.mark.django_db(transaction=True)


def test_axe_sees_what_is_wrong(browser_page: Page) -> None:
    browser_page.goto("/")
    assert serious_violations(browser_page) == []
    browser_page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert serious_violations(browser_page) == ["button-name: Buttons must have discernible text, at #content > button"]
