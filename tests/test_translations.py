"""German is complete: every text that is marked for translation has one, and what is compiled is what was translated.

Reads sources and catalogues without gettext's own tools, which a fresh machine may lack; `make messages` needs them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po
from django.template import Template
from django.template.base import Node
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.translation import trim_whitespace

from shop.local.paths import PROJECT

#: Folders that have a locale of their own. What lies in one of them below another belongs to that one alone.
PACKAGES = ["shop", "shop/catalog", "orders"]
CATALOGUES = {"shop", "shop/catalog", "orders"}

MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
IN_A_FILTER = re.compile(r'_\("([^"]+)"\)')


@pytest.mark.parametrize("package", PACKAGES)
def test_no_text_lacks_a_translation(package: str) -> None:
    translated = {msgid_of(message.id) for message in catalogue(package) if is_complete(message)}
    missing = {text: where for where, text in marked_in(package) if text not in translated}
    assert missing == {}, "Translate these: make messages"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_translation_has_lost_its_text_or_a_placeholder(package: str) -> None:
    marked = {text for _, text in marked_in(package)}
    messages = catalogue(package)
    assert {msgid_of(message.id) for message in messages if message.id} - marked == set()
    assert [(message.id, errors) for message, errors in messages.check()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_what_is_compiled_is_what_was_translated(package: str) -> None:
    with (folder(package) / "django.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in catalogue(package):
        if isinstance(message.id, str):
            assert not message.id or compiled.gettext(message.id) == message.string, "Compile: make messages"
        else:
            one, many = message.id
            assert tuple(compiled.ngettext(one, many, n) for n in (1, 2)) == message.string, "Compile: make messages"


def folder(package: str) -> Path:
    return PROJECT / package / "locale" / "de" / "LC_MESSAGES"


def catalogue(package: str) -> Catalog:
    with (folder(package) / "django.po").open("rb") as file:
        return read_po(file, locale="de")


def is_complete(message: object) -> bool:
    string = getattr(message, "string", "")
    return not getattr(message, "fuzzy", False) and (all(string) if isinstance(string, tuple) else bool(string))


def msgid_of(msgid: str | tuple[str, ...] | list[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def marked_in(package: str) -> Iterator[tuple[str, str]]:
    """File and text, for everything that is marked for translation."""
    for path in sorted((PROJECT / package).rglob("*")):
        if owner_of(path) != package:
            continue
        if path.suffix == ".py":
            texts = marked_in_code(path.read_text())
        elif "templates" in path.parts and "admin" not in path.parts and path.is_file():  # Django translates its admin
            texts = marked_in_template(path.read_text())
        else:
            continue
        yield from ((str(path.relative_to(PROJECT)), text) for text in texts)


def owner_of(path: Path) -> str:
    above = [each.as_posix() for each in path.relative_to(PROJECT).parents]
    return next((each for each in above if each in CATALOGUES), "")


def marked_in_code(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            first = node.args[0]
            assert isinstance(first, ast.Constant), f"A text to translate is not written out: {ast.unparse(node)}"
            yield str(first.value)


def marked_in_template(source: str) -> Iterator[str]:
    for node in Template(source).nodelist.get_nodes_by_type(Node):
        if isinstance(node, TranslateNode):
            yield str(node.filter_expression.var.literal)
        elif isinstance(node, BlockTranslateNode):
            text = node.render_token_list(node.singular)[0]
            yield trim_whitespace(text) if node.trimmed else text
    yield from IN_A_FILTER.findall(source)
