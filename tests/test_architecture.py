"""`ls` is the architecture, and imports point down only: messaging, shop.limits < shop.catalog < orders < shop.urls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for package in ("messaging", "shop", "orders") for path in (ROOT / package).rglob("*.py"))

#: Package, and what lies above it.
LAYERS = {
    "messaging": ["shop", "orders"],
    "shop.limits": ["messaging", "shop.catalog", "orders", "shop.urls", "shop.health", "shop.local"],
    "shop.catalog": ["orders", "shop.urls", "shop.health", "shop.local"],
    "orders": ["shop.urls", "shop.health", "shop.local"],
}


@pytest.mark.parametrize("package", LAYERS)
def test_imports_point_down_only(package: str) -> None:
    upward = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in SOURCES
        if inside(module_of(path), [package])
        for line, name in imports(path)
        if inside(name, LAYERS[package])
    ]
    assert upward == []


def test_only_the_broker_package_knows_pika() -> None:
    knowing = {module_of(path) for path in SOURCES for _, name in imports(path) if inside(name, ["pika"])}
    assert knowing
    # What looks for a RabbitMQ on this machine has to speak to it before there is a shop.
    assert {name for name in knowing if not inside(name, ["shop.local", "messaging.broker"])} == set()


def test_nothing_in_the_shop_needs_the_tools_that_run_it_on_one_machine() -> None:
    needing = {
        module_of(path)
        for path in SOURCES
        if not inside(module_of(path), ["shop.local"])
        for _, name in imports(path)
        if inside(name, ["shop.local"])
    }
    assert needing == set()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def inside(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of everything imported, wherever in the file; `from a import b` counts as a.b."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module_of(path).split(".")
            above = package[: len(package) - node.level + (path.name == "__init__.py")] if node.level else []
            prefix = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{prefix}.{alias.name}") for alias in node.names)
