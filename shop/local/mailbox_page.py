"""The mailbox page: what the development mail server has received, in a browser on this machine.

E-mails are written by strangers: every text is escaped, and HTML is shown in a frame that may run and load nothing.
"""

from __future__ import annotations

import argparse
import mailbox
from email.message import EmailMessage
from functools import partial
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

from shop.local.maildir import ARRIVED, RECIPIENTS, all_mails, read_mail
from shop.local.ports import LOOPBACK

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .4rem .8rem .4rem 0 }
tr + tr { border-top: 1px solid #ddd } pre { white-space: pre-wrap; overflow-wrap: anywhere }
iframe { width: 100%; height: 40rem; border: 1px solid #ddd }
"""

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class MailboxPage(BaseHTTPRequestHandler):
    def __init__(self, *arguments: object, folder: Path, port: int) -> None:
        self.maildir = mailbox.Maildir(folder, create=True)
        self.hosts = {f"{name}:{port}" for name in ("localhost", LOOPBACK)}
        super().__init__(*arguments)  # type: ignore[arg-type]  # what socketserver hands in

    def do_GET(self) -> None:
        # A website elsewhere could name this port in a domain of its own, and read the answer.
        if self.headers.get("Host") not in self.hosts:
            self.answer(HTTPStatus.FORBIDDEN, page("Not here", "<p>Use localhost as the address.</p>"))
            return
        key = unquote(self.path.strip("/"))
        if not key:
            self.answer(HTTPStatus.OK, page("Mailbox", listing(self.maildir)))
        elif key in self.maildir:
            self.answer(HTTPStatus.OK, show(read_mail(self.maildir, key)))
        else:
            self.answer(HTTPStatus.NOT_FOUND, page("No such e-mail", '<p><a href="/">All e-mails</a></p>'))

    def answer(self, status: HTTPStatus, html: str) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(html.encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Looking at the mailbox is no event."""


def listing(maildir: mailbox.Maildir) -> str:
    mails = list(reversed(all_mails(maildir)))
    if not mails:
        return "<p>No e-mail yet. Place an order, and look again.</p>"
    rows = "".join(
        f"<tr><td>{escape(mail[ARRIVED][:19].replace('T', ' '))}<td>{escape(mail[RECIPIENTS])}"
        f'<td><a href="/{quote(key)}">{escape(mail["Subject"] or "(no subject)")}</a>'
        for key, mail in mails
    )
    return f"<table><tr><th>Arrived (UTC)<th>To<th>Subject{rows}</table>"


def show(mail: EmailMessage) -> str:
    heading = "".join(f"<tr><th>{name}<td>{escape(str(value))}" for name, value in mail.items())
    parts = [f'<p><a href="/">All e-mails</a></p><table>{heading}</table>']
    if text := mail.get_body(("plain",)):
        parts.append(f"<h2>Text</h2><pre>{escape(text.get_content())}</pre>")
    if html := mail.get_body(("html",)):
        # Links open in a new tab, for in the frame they would have to run there.
        source = escape(f'<base target="_blank">{html.get_content()}')
        parts.append(f'<h2>HTML</h2><iframe sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="{source}">')
        parts.append("</iframe>")
    return page(mail["Subject"] or "(no subject)", "".join(parts))


def page(title: str, content: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{content}</html>"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m shop.local.mailbox_page", description=__doc__)
    parser.add_argument("--port", type=int, default=8025)
    parser.add_argument("--maildir", type=Path, required=True)
    options = parser.parse_args()
    handler = partial(MailboxPage, folder=options.maildir, port=options.port)
    with ThreadingHTTPServer((LOOPBACK, options.port), handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
