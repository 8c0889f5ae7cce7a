from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def alice(db: None) -> Client:
    """The browser of Alice, who may do everything that there is to do."""
    client = Client()
    client.force_login(User.objects.create_superuser("alice"))
    return client
