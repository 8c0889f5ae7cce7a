"""What a shopper gets out of a page: its links and its forms, filled in as the browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    #: What every field holds, hidden ones included. Areas and boxes for the person to write in are "" or their default.
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    def __init__(self, html: str, *, address: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        #: data-* attributes, by name; of several the last.
        self.data: dict[str, str] = {}
        self._form: Form | None = None
        self._area = ""
        self.feed(html)

    def form(self, action: str) -> Form:
        for form in self.forms:
            if form.action == action:
                return form
        raise LookupError(f"The page has no form that goes to {action}.")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.data |= {name: value for name, value in values.items() if name.startswith("data-")}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "form":
            self._form = Form(values.get("action") or self.address)
            self.forms.append(self._form)
        elif self._form and values.get("name"):
            if tag == "input" and values.get("type") not in ("submit", "button"):
                self._form.fields[values["name"]] = values.get("value", "")
            elif tag == "textarea":
                self._area = values["name"]
                self._form.fields[self._area] = ""

    def handle_data(self, data: str) -> None:
        if self._form and self._area:
            self._form.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._form and self._area:
            # HTML ignores a line break right after the tag, and Django writes one there.
            self._form.fields[self._area] = self._form.fields[self._area].removeprefix("\n")
            self._area = ""
        elif tag == "form":
            self._form = None
