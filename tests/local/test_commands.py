"""The commands behind the Makefile."""

from __future__ import annotations

import pytest

from shop.local.__main__ import parse


@pytest.mark.parametrize("arguments", [[], ["-k", "cart"], ["tests/orders", "-x", "-k", "cart"], ["--durations=9"]])
def test_what_follows_test_is_for_pytest(arguments: list[str]) -> None:
    assert parse(["test", *arguments]).arguments == arguments


def test_what_follows_servers_is_a_command() -> None:
    assert parse(["servers", "env", "-i", "--", "true"]).arguments == ["env", "-i", "--", "true"]


@pytest.mark.parametrize("words", [["demo", "now"], ["run", "--fast"], ["bake"], []])
def test_what_is_not_understood_is_said(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(words)
    assert "usage:" in capsys.readouterr().err
