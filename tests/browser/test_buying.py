from __future__ import annotations

from email.message import EmailMessage

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from orders.models import Order, OrderEmail
from shop.catalog.models import Product
from tests.browser.buying import fill_in, order_button, order_number, put_in_cart, width_that_needs_no_scrolling
from tests.conftest import MailServer
from tests.factories import FailedJobFactory, ProductFactory
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_alice_buys_three_products_on_her_phone_and_reads_the_e_mail(
    phone_page: Page, worker: None, mail_server: MailServer
) -> None:
    mug, tea, pot = (ProductFactory.create(name=name, price="12.50") for name in ("Harbour mug", "Assam", "Teapot"))
    put_in_cart(phone_page, [mug, tea, pot])
    phone_page.get_by_label("Quantity of Harbour mug").fill("2")
    phone_page.get_by_role("button", name="Update Harbour mug").click()
    expect(phone_page.locator(".bill .sum dd")).to_have_text("€50.00")
    assert width_that_needs_no_scrolling(phone_page)

    phone_page.get_by_role("link", name="Go to checkout").click()
    fill_in(phone_page)
    assert width_that_needs_no_scrolling(phone_page)
    phone_page.get_by_role("button", name="Order and pay by invoice").click()
    number = order_number(phone_page)
    phone_page.evaluate("window.stillTheSame = true")
    expect(phone_page.get_by_text("It was sent to a***@example.org")).to_be_visible()
    assert phone_page.evaluate("window.stillTheSame"), "The page was loaded anew, which interrupts its reader."
    assert width_that_needs_no_scrolling(phone_page)

    [mail] = eventually(lambda: mail_server.mails)
    text = part(mail, "plain")
    assert mail["To"] == "alice@example.org"
    assert mail["Subject"].startswith(f"Order {number} confirmed")
    for said in (
        "2 x Harbour mug, €12.50 each: €25.00",
        "1 x Assam",
        "1 x Teapot",
        "Total: €50.00",
        "12 Harbour Street",
    ):
        assert said in text
    [link] = [line for line in text.splitlines() if line.startswith("http")]
    phone_page.goto(link)
    assert order_number(phone_page) == number
    phone_page.goto("about:blank")  # away from the shop's policy, which forbids what e-mails need
    phone_page.set_content(part(mail, "html"))
    assert width_that_needs_no_scrolling(phone_page)


def test_alice_corrects_a_mistyped_address_and_gets_her_confirmation(
    browser_page: Page, worker: None, mail_server: MailServer
) -> None:
    put_in_cart(browser_page, [ProductFactory.create()])
    browser_page.goto("/checkout/")
    fill_in(browser_page, email="alcie@example.org")
    order_button(browser_page).click()
    expect(browser_page.get_by_text("It was sent to a***@example.org")).to_be_visible()
    browser_page.get_by_role("link", name="Correct the address").click()
    browser_page.get_by_label("E-mail").fill("alice@example.org")
    browser_page.get_by_role("button", name="Change it and send the confirmation").click()
    expect(browser_page.get_by_text("Thank you. We send the confirmation")).to_be_visible()
    eventually(lambda: [mail["To"] for mail in mail_server.mails] == ["alcie@example.org", "alice@example.org"])
    expect(browser_page.get_by_text("It was sent to a***@example.org")).to_be_visible()
    browser_page.get_by_role("button", name="Send it again").click()
    expect(browser_page.get_by_text("We send it once more.")).to_be_visible()
    eventually(lambda: len(mail_server.mails) == 3)


def test_bob_takes_the_last_mug_while_alice_types_and_she_loses_nothing_of_it(browser_page: Page) -> None:
    mug, tea = ProductFactory.create(name="Last mug", stock=1), ProductFactory.create(name="Assam")
    put_in_cart(browser_page, [mug, tea])
    browser_page.goto("/checkout/")
    fill_in(browser_page)
    browser_page.get_by_label("A note for us").fill("Ring twice")
    Product.objects.filter(pk=mug.pk).update(stock=0)
    order_button(browser_page).click()
    summary = browser_page.get_by_role("alert")
    expect(summary).to_contain_text("Last mug has just sold out, so we took it out of your cart.")
    expect(summary).to_be_focused()
    expect(browser_page.get_by_label("Name")).to_have_value("Alice Larsen")
    expect(browser_page.get_by_label("A note for us")).to_have_value("Ring twice")
    assert not Order.objects.exists()
    order_button(browser_page).click()
    assert [line.name for line in Order.objects.get().lines.all()] == ["Assam"]


def test_an_impatient_double_click_makes_one_order(browser_page: Page) -> None:
    put_in_cart(browser_page, [ProductFactory.create(stock=5)])
    browser_page.goto("/checkout/")
    fill_in(browser_page)
    fields = browser_page.eval_on_selector("form.columns", "form => Object.fromEntries(new FormData(form))")
    order_button(browser_page).dblclick()
    expect(browser_page.locator("[data-order-number]")).to_be_visible()
    # Browsers may keep the second click to themselves. A second form that does arrive leads to the same order.
    assert browser_page.request.post("/checkout/", form=fields).url == browser_page.url
    assert Order.objects.get().number == order_number(browser_page)
    assert Product.objects.get().stock == 4


def test_going_back_after_the_order_shows_an_empty_cart_and_never_orders_again(browser_page: Page) -> None:
    put_in_cart(browser_page, [ProductFactory.create()])
    browser_page.goto("/checkout/")
    fill_in(browser_page)
    order_button(browser_page).click()
    expect(browser_page.locator("[data-order-number]")).to_be_visible()
    browser_page.go_back()
    expect(browser_page.get_by_text("There is nothing in it yet.")).to_be_visible()
    browser_page.go_forward()
    assert order_number(browser_page) == Order.objects.get().number


def test_alice_buys_in_german_and_changes_the_language_on_the_way(
    browser_page: Page, worker: None, mail_server: MailServer
) -> None:
    put_in_cart(browser_page, [ProductFactory.create(name="Harbour mug", name_de="Hafenbecher")])
    browser_page.get_by_role("button", name="Deutsch").click()
    expect(browser_page.get_by_role("heading", name="Ihr Warenkorb")).to_be_visible()
    browser_page.get_by_role("link", name="Zur Kasse").click()
    fill_in(browser_page)
    # Looking at the form in English and in German again, she need not type anything twice
    browser_page.get_by_role("button", name="English").click()
    expect(browser_page.get_by_label("Name")).to_have_value("Alice Larsen")
    browser_page.get_by_role("button", name="Deutsch").click()
    browser_page.get_by_role("button", name="Zahlungspflichtig bestellen").click()
    expect(browser_page.get_by_text("Sie wurde um")).to_be_visible()
    browser_page.get_by_role("button", name="English").click()
    expect(browser_page.get_by_text("It was sent to")).to_be_visible()
    [mail] = eventually(lambda: mail_server.mails)
    assert mail["Subject"].startswith("Bestellung")
    assert "1 x Hafenbecher, je 12,50" in part(mail, "plain")


def test_alice_buys_with_the_keyboard_alone(browser_page: Page) -> None:
    ProductFactory.create(name="Harbour mug")
    browser_page.goto("/")
    for name in ("Harbour mug", "Put in the cart", "Go to checkout", "Order and pay by invoice"):
        tab_to_and_press(browser_page, name)
    # She has sent it empty, and follows the summary to the first mistake.
    expect(browser_page.get_by_role("alert")).to_be_focused()
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.press("Enter")
    expect(browser_page.get_by_label("Name")).to_be_focused()
    for typed in ("Alice Larsen", "alice@example.org", "12 Harbour Street"):
        browser_page.keyboard.type(typed)
        browser_page.keyboard.press("Tab")
    tab_to_and_press(browser_page, "Order and pay by invoice")
    expect(browser_page.locator("[data-order-number]")).to_be_visible()
    assert Order.objects.get().email == "alice@example.org"


def test_without_javascript_alice_buys_and_sees_the_status_turn(page_without_scripts: Page) -> None:
    page = page_without_scripts
    put_in_cart(page, [ProductFactory.create()])
    page.get_by_role("link", name="Go to checkout").click()
    fill_in(page)
    order_button(page).click()
    expect(page.get_by_text("It is on its way")).to_be_visible()
    order = Order.objects.get()
    order.emails.create(
        kind=OrderEmail.Kind.CONFIRMATION, to=order.email, message_id="<1@shop>", sent_at=timezone.now()
    )
    expect(page.get_by_text("It was sent to")).to_be_visible()
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_text("Ihre Bestätigung")).to_be_visible()


def test_a_confirmation_that_cannot_be_delivered_is_told_in_place(browser_page: Page) -> None:
    put_in_cart(browser_page, [ProductFactory.create()])
    browser_page.goto("/checkout/")
    fill_in(browser_page)
    order_button(browser_page).click()
    expect(browser_page.get_by_text("It is on its way")).to_be_visible()
    FailedJobFactory.create(subject=f"orders.order/{Order.objects.get().pk}")
    expect(browser_page.get_by_text("We could not deliver it")).to_be_visible()
    # What she can do about it has come with the sentence, and works.
    browser_page.get_by_role("button", name="Send it again").click()
    expect(browser_page.get_by_text("We send it once more.")).to_be_visible()


def tab_to_and_press(page: Page, name: str) -> None:
    """Press Tab until something of that name has the focus, then Enter, and wait for the page to which that leads."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if name in page.evaluate("document.activeElement.innerText || ''"):
            with page.expect_navigation():
                page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not lead to {name!r}.")


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())
