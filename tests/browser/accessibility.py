"""axe-core looks at a page: `assert violations(page) == []`."""

from __future__ import annotations

from collections.abc import Collection

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def serious_violations(page: Page) -> list[str]:
    """What keeps people with a disability from using the page as it is now, each with the place where it is wrong."""
    return violations(page, impacts={"serious", "critical"})


def violations(page: Page, *, impacts: Collection[str] = ("minor", "moderate", "serious", "critical")) -> list[str]:
    """All that is wrong, also what is only a nuisance."""
    # Preloading would have it put style sheets inline, about which the page's policy complains in the console.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        f"{each['id']}: {each['help']}, at {', '.join(' '.join(map(str, node['target'])) for node in each['nodes'])}"
        for each in found
        if each["impact"] in impacts
    ]
