from __future__ import annotations

from argparse import ArgumentParser
from email.header import decode_header, make_header
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from orders.emails import COMPOSE
from orders.example import example_order
from orders.models import FIRST_NUMBER, Order, OrderEmail

SHOWN = ("Subject", "From", "To", "Reply-To", "Message-ID", "Auto-Submitted", "Content-Language")


class Command(BaseCommand):
    help = "Show an e-mail without sending it: of an order, or of one that is made up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=OrderEmail.Kind.values)
        parser.add_argument("--order", type=int, metavar="NUMBER", help="the order's number; else one is made up")
        parser.add_argument("--language", choices=[code for code, _ in settings.LANGUAGES], help="else the order's")
        parser.add_argument("--html", action="store_true", help="the part in HTML, for a browser, instead of the text")

    def handle(self, *args: Any, **options: Any) -> None:
        order = find(options["order"]) if options["order"] is not None else example_order(options["language"] or "en")
        order.language = options["language"] or order.language
        message = COMPOSE[OrderEmail.Kind(options["kind"])](order)
        if options["html"]:
            self.stdout.write(str(message.alternatives[0][0]))
            return
        sent = message.message()
        for name in SHOWN:
            self.stdout.write(f"{name}: {make_header(decode_header(sent[name]))}")
        self.stdout.write(f"\n{message.body}")


def find(number: int) -> Order:
    order = Order.objects.with_lines().filter(pk=number - FIRST_NUMBER).first()
    if order is None:
        raise CommandError(f"There is no order {number}.")
    return order
