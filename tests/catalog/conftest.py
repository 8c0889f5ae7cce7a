from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def media_folder(settings: Settings, tmp_path: Path) -> Path:
    """Where pictures of this test are stored."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"
