"""The pages in a browser: by keyboard, in both themes, on a phone, and for everybody.

What it needs: `helpers.browser`. In the folder ``FEDRAS_SCREENSHOTS`` pictures are left.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from explorer.conftest import EVIL, Served
from helpers.browser import NEEDS_CHROMIUM, SCHEMES, WIDTHS, chromium, violations

pytestmark = NEEDS_CHROMIUM
Open = Callable[..., Any]
PATHS = {
    "home": "/",
    "user": "/user?" + urlencode({"id": EVIL}),
    "item": "/item?" + urlencode({"id": f"i6{EVIL}"}),
    "new": "/new",
    "ticked": "/new?item=i3&item=i4&item=i7",
    "refusal": "/user?" + urlencode({"id": "no-" + "body" * 100}),
}
REFUSED = "the server responded with a status of 400"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def opened(browser: Any, served: Served) -> Iterator[Open]:
    """Return a function that opens a page of the server.

    Whatever pages complain of, or ask of others, fails the test; that a refusal is one does not.
    """
    said: list[str] = []
    contexts = []

    def open_(path: str, width: int = 1400, scheme: str = "light", **options: Any) -> Any:
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on(
            "request", lambda sent: said.extend([sent.url] * (not sent.url.startswith(served.url)))
        )
        page.goto(served.url.rstrip("/") + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [each for each in said if REFUSED not in each and each != "data:,"] == []


def asked(page: Any) -> tuple[str, dict[str, list[str]]]:
    """Return the path and the query of the address that a page has."""
    address, _, query = page.url.partition("?")
    return "/" + address.split("/", 3)[3], parse_qs(query)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PATHS)
def test_everybody_can_read_it(name: str, width: int, scheme: str, opened: Open) -> None:
    page = opened(PATHS[name], width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink == {"light": "rgb(29, 33, 39)", "dark": "rgb(230, 232, 235)"}[scheme]
    for details in page.locator("details").all():
        details.evaluate("each => { each.open = true; }")
    if folder := os.environ.get("FEDRAS_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/explorer-{name}-{scheme}-{width}.png", full_page=True)
    assert violations(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_suggestions_can_be_read_too(width: int, scheme: str, opened: Open) -> None:
    page = opened("/", width, scheme)
    page.get_by_label("Item", exact=True).fill("film")
    page.keyboard.press("ArrowDown")
    page.get_by_role("option").nth(9).wait_for()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert violations(page) == []


def test_a_user_is_picked_by_keyboard(opened: Open) -> None:
    page = opened("/")
    page.keyboard.press("Tab")  # to the link that skips
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("u1")
    field = page.locator(":focus")
    page.get_by_role("option").nth(9).wait_for()
    assert field.get_attribute("aria-expanded") == "true"
    page.wait_for_load_state("networkidle")  # a late answer would begin the list anew
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    (marked,) = page.locator("[aria-selected=true]").all()
    assert marked.inner_text() == "u11"
    assert field.get_attribute("aria-activedescendant") == marked.get_attribute("id")
    page.keyboard.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowDown")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowUp")  # from nowhere to the last
    page.keyboard.press("Enter")
    page.wait_for_url("**/user?id=u19")
    assert page.locator("h1").inner_text() == "User u19"


def test_what_is_typed_whole_needs_no_suggestion(opened: Open) -> None:
    page = opened("/")
    page.get_by_label("User", exact=True).fill("u07")
    page.keyboard.press("Enter")
    page.wait_for_url("**/user?id=u07")


def test_that_nothing_fits_is_said_and_cannot_be_picked(opened: Open) -> None:
    page = opened("/")
    page.get_by_label("User", exact=True).fill("nobody")
    nothing = page.get_by_label("Suggestions: User").get_by_text("nothing fits")
    nothing.wait_for()
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    assert page.locator("[aria-selected=true], [aria-activedescendant]").count() == 0
    nothing.click(force=True)
    assert asked(page) == ("/", {})
    page.keyboard.press("Enter")
    page.get_by_text("has no user 'nobody'").wait_for()


def test_a_hostile_name_is_picked_as_it_is(opened: Open) -> None:
    page = opened("/")
    for label, text, name in (("User", "script", EVIL), ("Item", "i6", f"i6{EVIL}")):
        page.get_by_label(label, exact=True).fill(text)
        page.get_by_role("option").first.click()
        page.wait_for_url("**/*id=*script*")
        assert asked(page)[1] == {"id": [name]}
        page.goto(page.url.partition("?")[0].rpartition("/")[0])


def test_a_tick_shows_what_follows(opened: Open, served: Served) -> None:
    page = opened("/new")
    assert page.locator("#found table").count() == 0
    boxes = page.locator("#likes input[type=checkbox]")
    items = [boxes.nth(at).get_attribute("value") for at in (1, 4)]
    for at in (1, 4):
        boxes.nth(at).focus()
        page.keyboard.press("Space")
        page.get_by_text(f"likes th{'is item' if at == 1 else 'ese 2 items'}.").wait_for()
    assert asked(page) == ("/new", {"item": items})
    assert boxes.nth(4).evaluate("each => each === document.activeElement")
    titles = page.locator("#found section:first-child tbody bdi").all_inner_texts()
    best = served.model.fold_in(items)
    assert titles == [" ".join((each.title or each.item).split()) for each in best]
    page.keyboard.press("Space")
    page.get_by_text("likes this item.").wait_for()
    assert asked(page) == ("/new", {"item": items[:1]})


def test_an_item_is_added_to_what_is_ticked(opened: Open) -> None:
    page = opened("/new?item=i9")
    page.get_by_label("Add an item", exact=True).fill("Film 50")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("likes these 2 items.").wait_for()
    assert asked(page) == ("/new", {"item": ["i9"], "add": ["i50"]})
    ticked = page.locator("#likes input:checked")
    assert [each.get_attribute("value") for each in ticked.all()] == ["i9", "i50"]
    assert page.get_by_label("Add an item", exact=True).evaluate(
        "each => each === document.activeElement"
    )


def test_too_many_ticks_are_said(opened: Open) -> None:
    page = opened("/new?" + "&".join(["item=i9"] * 100))
    page.evaluate(
        """for (let n = 0; n < 100; n++) {
          const more = document.querySelector("#likes input:checked").cloneNode();
          document.getElementById("likes").append(more);
        }"""
    )
    page.locator("#likes input[type=checkbox]").nth(3).check()
    page.get_by_text("102 items are ticked; tick 100 at most").wait_for()
    assert page.locator("#found table").count() == 0


def test_it_works_without_scripts(opened: Open) -> None:
    page = opened("/new", java_script_enabled=False)
    box = page.locator("#likes input[type=checkbox]").nth(2)
    value = box.get_attribute("value")
    box.check()
    page.get_by_label("Add an item", exact=True).fill("Film 9,")
    page.get_by_role("button", name="Recommend").click()
    page.wait_for_url("**/new?*item=*")
    assert asked(page)[1] == {"item": [value], "add": ["Film 9,"]}
    assert page.locator("#likes input:checked").count() == 2
    page.get_by_label("Item", exact=True).fill("Film 8,")
    page.keyboard.press("Enter")
    page.wait_for_url("**/item?id=*")
    assert page.locator("h1").inner_text() == "Film 8, The"
