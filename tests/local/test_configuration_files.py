from __future__ import annotations

import ast
import re
from typing import Any

import pytest
import yaml

from shop.local.paths import PROJECT


def names_that_the_settings_read() -> set[str]:
    tree = ast.parse((PROJECT / "shop" / "settings.py").read_text())
    return {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def paragraphs_of_the_example() -> list[list[str]]:
    text = (PROJECT / ".env.example").read_text()
    return [paragraph.splitlines() for paragraph in text.strip().split("\n\n")][1:]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    return content


def test_the_example_names_exactly_the_variables_that_the_settings_read() -> None:
    named = [lines[1].lstrip("#").partition("=")[0] for lines in paragraphs_of_the_example()]
    assert sorted(named) == sorted(names_that_the_settings_read())


def test_each_variable_in_the_example_has_one_line_of_explanation_and_its_default() -> None:
    for lines in paragraphs_of_the_example():
        assert len(lines) == 2
        assert re.fullmatch(r"# .+\.", lines[0]), lines
        assert re.fullmatch(r"#[A-Z_]+=.*", lines[1]), lines


@pytest.mark.parametrize("service", ["web", "worker", "migrate"])
def test_compose_sets_only_variables_that_the_settings_read(compose: dict[str, Any], service: str) -> None:
    assert compose["services"][service]["environment"].keys() <= names_that_the_settings_read()


def test_in_compose_the_shop_does_not_wait_for_rabbitmq_and_the_worker_does(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert "rabbitmq" not in services["web"]["depends_on"]
    assert services["worker"]["depends_on"]["rabbitmq"] == {"condition": "service_healthy"}


def test_compose_waits_only_for_services_that_can_say_that_they_are_ready(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in services[name]["healthcheck"], name


def test_a_worker_gets_longer_to_stop_than_its_drain_takes(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    assert int(worker["stop_grace_period"].removesuffix("s")) > int(worker["environment"]["DRAIN_SECONDS"])


def test_compose_publishes_ports_on_this_machine_only(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_image_gets_every_package_that_the_shop_imports() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().split()
    for needed in ("manage.py", "requirements.txt", "shop", "orders", "messaging"):
        assert f"!{needed}" in ignored
