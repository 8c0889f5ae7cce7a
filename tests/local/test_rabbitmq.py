from __future__ import annotations

import os
from pathlib import Path

import pytest

from shop.local import rabbitmq
from shop.local.rabbitmq_container import Container, docker_answers
from shop.local.rabbitmq_node import PrivateNode
from shop.local.say import CannotGoOn

#: Notes how it is called. The node inside is not there yet when it is first asked for.
DOCKER = """#!/bin/sh
echo "$@" >> "$DOCKER_CALLS"
case "$1" in
  exec) [ "$(grep -c '^exec' "$DOCKER_CALLS")" -gt 1 ] || { echo "no such node" >&2; exit 1; } ;;
  port) echo 127.0.0.1:49153 ;;
esac
"""


@pytest.fixture
def docker_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    calls = tmp_path / "calls"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_CALLS", str(calls))
    return calls


def test_a_private_node_can_be_taken_away_and_comes_back(rabbitmq_node: PrivateNode) -> None:
    rabbitmq.check(rabbitmq_node.url)
    rabbitmq_node.stop_app()
    try:
        with pytest.raises(CannotGoOn, match=r"Tried 127\.0\.0\.1:"):
            rabbitmq.check(rabbitmq_node.url)
    finally:
        rabbitmq_node.start_app()
    rabbitmq.check(rabbitmq_node.url)


def test_a_private_node_knows_nothing_of_the_callers_rabbitmq(
    rabbitmq_node: PrivateNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RABBITMQ_NODENAME", "rabbit@production")
    assert rabbitmq_node.ctl("eval", "node().").strip() == "shop@localhost"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "AMQP_URL is malformed"),
        ("amqp://guest:secret@127.0.0.1:1/", r"Tried 127\.0\.0\.1:1 \("),
        ("amqp://127.0.0.1:1/,amqp://127.0.0.1:2/", r"Tried 127\.0\.0\.1:1 .*, 127\.0\.0\.1:2 "),
    ],
)
def test_an_amqp_url_that_leads_nowhere_is_told_in_a_sentence_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("AMQP_URL", url)
    with pytest.raises(CannotGoOn, match=sentence) as caught:
        rabbitmq.given()
    assert "secret" not in str(caught.value)


def test_a_container_is_started_on_loopback_waited_for_and_stopped(docker_calls: Path) -> None:
    assert docker_answers()
    container = Container.start()
    container.stop()

    calls = docker_calls.read_text().splitlines()
    assert "--publish 127.0.0.1::5672" in calls[1]
    assert calls[-1] == f"stop {container.name}"
    assert container.url.endswith("@127.0.0.1:49153/%2F")


def test_without_a_docker_engine_there_is_no_container(docker_calls: Path) -> None:
    docker_calls.with_name("docker").write_text("#!/bin/sh\nexit 1\n")
    assert not docker_answers()
