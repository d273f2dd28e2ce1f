"""The portal in a real browser: small screens, no script, no other host, keyboard, contrast, print."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from commons.addresses import short_code
from tests.portal.sample import CLINIC, HELD, KITCHEN, WITHDRAWN

MEALS = f"/es/f/{short_code(KITCHEN + '/service/comida-caliente')}-comida-caliente-de-lunes-a-viernes"
LONG = f"/es/f/{short_code(CLINIC + '/service/acompanamiento')}"
OURS = [
    "/es/", "/en/", "/es/buscar", "/es/buscar?q=comida&type=service", "/es/buscar?q=comifa", MEALS, LONG,
    f"/es/miembro/{CLINIC}", f"/es/miembro/{KITCHEN}", "/es/acerca", "/es/tema/food", "/es/datos", "/es/nada",
    f"/es/ficha/{HELD}", f"/es/ficha/{WITHDRAWN}",
]  # fmt: skip
TABLES = ["/data", "/data/service", "/data/service/7", "/data/service?_facet=is_free"]


def watched(context: BrowserContext) -> tuple[Page, list[str], list[str]]:
    """A page, the hosts that it asks, and what it complains of."""
    page = context.new_page()
    hosts: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: hosts.append(urlsplit(request.url).netloc))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, hosts, complaints


@pytest.mark.parametrize("path", OURS + TABLES)
def test_no_request_leaves_the_host_and_nothing_breaks_the_policy(
    phone: BrowserContext, base: str, path: str
) -> None:
    """Whatever the page, the browser asks this portal only, and finds nothing to complain of."""
    page, hosts, complaints = watched(phone)
    page.goto(base + path)
    assert set(hosts) == {urlsplit(base).netloc}
    told = ("status of 404", "status of 403", "status of 410")  # what the page itself says
    assert [c for c in complaints if not any(status in c for status in told)] == []


@pytest.mark.parametrize("path", OURS)
def test_nothing_sticks_out_at_360_pixels(phone: BrowserContext, base: str, path: str) -> None:
    """No sideways scrolling on a small telephone, long titles included."""
    page = phone.new_page()
    page.goto(base + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_targets_for_fingers_are_large(phone: BrowserContext, base: str) -> None:
    """Buttons, doors, chips and filters are at least 44 pixels high."""
    for path in ("/es/", "/es/buscar?type=service", MEALS):
        page = phone.new_page()
        page.goto(base + path)
        small = page.evaluate(
            "[...document.querySelectorAll('button, .button, .doors a, .chips a, .chosen a, summary')]"
            ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.textContent)"
        )
        assert small == [], path


def test_what_the_reader_came_for_stands_on_the_first_screen(phone: BrowserContext, base: str) -> None:
    """On a telephone: the field and a door on the front page, the number to call on a record."""
    page = phone.new_page()
    page.goto(base + "/es/")
    for selector in ("input[type=search]", ".doors a"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None and box["y"] + box["height"] <= 640
    page.goto(base + MEALS)
    box = page.locator("a[href^='tel:']").first.bounding_box()
    assert box is not None and box["y"] + box["height"] <= 640


def test_everything_works_without_script(browser: Browser, base: str) -> None:
    """From the front page by search and filter to a telephone number, JavaScript switched off."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = context.new_page()
    page.goto(base + "/es/")
    page.fill("#q", "comida")
    page.press("#q", "Enter")
    assert page.locator("h1").inner_text() == "1 resultado para «comida»"
    page.locator("details.filters > summary").click()
    page.locator("details.filters a", has_text="Alimentación").click()
    assert page.locator(".chosen a").count() == 1
    page.locator(".card h2 a").click()
    assert page.locator("a[href='tel:+525555550134']").first.is_visible()
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    context.close()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(phone: BrowserContext, base: str) -> None:
    """The first stop is the way to the content; every stop has a visible ring."""
    page = phone.new_page()
    page.goto(base + "/es/buscar?type=service")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").startswith("skip")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(s => [s.outlineStyle, parseFloat(s.outlineWidth)])(getComputedStyle(document.activeElement))"
        )
        assert style[0] == "solid" and style[1] >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_on_our_pages(
    browser: Browser, base: str, axe: str, scheme: str, width: int
) -> None:
    """WCAG 2.2 A and AA: contrast, names, landmarks, order of headings; in light and dark, small and wide."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    for path in OURS:
        page.goto(base + path)
        page.evaluate(axe)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in result["violations"]]
        if faults:
            found[path] = faults
    context.close()
    assert found == {}


def test_print_shows_what_is_hidden_behind_a_tap(browser: Browser, base: str) -> None:
    """On paper there is nothing to tap: the field and the navigation go."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(base + MEALS)
    page.emulate_media(media="print")
    assert not page.locator(".top nav").is_visible()
    assert page.locator("h1").is_visible()
    folded = page.locator("details.proof:not([open]) dl").first
    assert folded.evaluate("e => e.checkVisibility({contentVisibilityAuto: true}) && e.offsetHeight > 20")
    assert len(page.pdf()) > 5_000
    context.close()
