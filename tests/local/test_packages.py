from __future__ import annotations

from pathlib import Path

import pytest

from shop.local import packages
from shop.local.say import CannotGoOn


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for /usr/sbin/policy-rc.d, and whoever runs the test may write it."""
    path = tmp_path / "policy-rc.d"
    monkeypatch.setattr(packages, "POLICY", path)
    monkeypatch.setattr(packages, "sudo", list)
    return path


def test_services_are_kept_off_and_then_nothing_is_left_of_it(policy: Path) -> None:
    with packages.services_kept_off():
        assert policy.read_text().endswith("exit 101\n")
    assert list(policy.parent.iterdir()) == []


def test_a_policy_that_the_machine_had_holds_again_even_after_a_failure(policy: Path) -> None:
    policy.write_text("the machine's own")

    def fail_meanwhile() -> None:
        with packages.services_kept_off():
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_meanwhile()
    assert policy.read_text() == "the machine's own"
    assert list(policy.parent.iterdir()) == [policy]


def test_a_machine_without_apt_is_told_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotGoOn, match=r"rabbitmq-server is needed for a node.*Set AMQP_URL\."):
        packages.install("rabbitmq-server", because="for a node", instead="Set AMQP_URL.")


def test_a_command_that_fails_as_root_ends_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages, "sudo", list)
    with pytest.raises(CannotGoOn, match="This command failed, see above: sh -c"):
        packages.as_root("sh", "-c", "echo the reason; exit 3")
    assert "the reason" in capfd.readouterr().err
