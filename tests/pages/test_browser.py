"""The page in a browser: it draws, sorts, can be read by everybody, and is quick.

What it needs: `helpers.browser`. In the folder ``FEDRAS_SCREENSHOTS`` pictures are left.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from helpers.browser import NEEDS_CHROMIUM, SCHEMES, WIDTHS, chromium, violations

from fedras.pages.comparison import Comparison, Row
from fedras.pages.kept import KeptRun, read_runs
from fedras.pages.report import report

MARKS = ".mark-symbol path, .mark-line path, .mark-rect path, .mark-area path"

pytestmark = NEEDS_CHROMIUM
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def opened(browser: Any) -> Iterator[Open]:
    """Return a function that opens a file without a network and returns the page, drawn.

    Whatever the page complains of, or asks for, fails the test.
    """
    said: list[str] = []
    contexts = []

    def open_(path: Path, width: int = 1400, scheme: str = "light", **options: Any) -> Any:
        size = {"width": width, "height": 900}
        context = browser.new_context(
            viewport=size, color_scheme=scheme, offline=True, bypass_csp=False, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        page.on("request", lambda sent: said.extend([sent.url] * (sent.url != path.as_uri())))
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-drawn]", timeout=60_000)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []


def kept(path: Path, name: str, runs: list[KeptRun], rows: list[Row]) -> Path:
    best = rows[0].name
    path = path / name
    path.write_bytes(report(runs, Comparison(rows, [], best, []), "html"))
    return path


@pytest.fixture
def two(beside: Path, rival: Path, tmp_path: Path) -> Path:
    """A report of two runs, without tests, which need the data."""
    runs = read_runs([beside, rival])
    values = (0.3, 0.2)
    rows = [
        Row(run.name, {}, 12, {"ndcg@10": value, "hr@10": 1 - value}, sent=value * 10)
        for run, value in zip(runs, values, strict=True)
    ]
    return kept(tmp_path, "two.html", runs, rows)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_everything_is_drawn_and_nothing_sticks_out(
    width: int, scheme: str, opened: Open, two: Path
) -> None:
    page = opened(two, width, scheme)
    charts = page.locator(".chart").all()
    assert len(charts) == int(page.get_attribute("html", "data-drawn")) >= 8
    for chart in charts:
        assert chart.locator(MARKS).count() >= 2
        box = chart.locator("svg").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
    ink = page.locator("#picture text").first.evaluate("each => getComputedStyle(each).fill")
    assert ink == {"light": "rgb(29, 33, 39)", "dark": "rgb(230, 232, 235)"}[scheme]
    if folder := os.environ.get("FEDRAS_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/report-{scheme}-{width}.png", full_page=True)


def first_cells(page: Any) -> list[str]:
    return [each.strip() for each in page.locator("#runs tbody th").all_inner_texts()]


def test_the_table_sorts_by_click_and_by_keyboard(
    opened: Open, two: Path, beside: Path, rival: Path
) -> None:
    page = opened(two)
    best, other = beside.name, rival.name
    assert first_cells(page) == [best, other]
    quality = page.locator("#runs th", has_text="NDCG@10")
    assert quality.get_attribute("aria-sort") == "descending"
    quality.locator("button").click()
    assert first_cells(page) == [other, best]
    assert quality.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Tab")  # from the button to the next, HR@10
    page.keyboard.press("Enter")
    assert quality.get_attribute("aria-sort") is None
    assert first_cells(page) == [other, best]
    page.keyboard.press("Space")
    assert first_cells(page) == [best, other]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")  # to the names
    page.keyboard.press("Enter")
    assert first_cells(page) == sorted([best, other], reverse=True)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_serious(width: int, scheme: str, opened: Open, two: Path) -> None:
    page = opened(two, width, scheme)
    for details in page.locator("details").all():
        details.evaluate("each => { each.open = true; }")
    assert violations(page) == []


def test_what_is_folded_is_printed_on_white(opened: Open, two: Path) -> None:
    page = opened(two, scheme="dark")
    assert not page.locator("details table").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details table").is_visible()
    style = "getComputedStyle(document.body)"
    assert page.evaluate(f"{style}.backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(f"{style}.color") == "rgb(0, 0, 0)"
    assert len(page.pdf()) > 20_000


def long(run: KeptRun, at: int) -> KeptRun:
    """Return a run of 500 rounds, each of them evaluated."""
    lines = [run.lines[n % len(run.lines)] | {"round": n + 1} for n in range(500)]
    return replace(run, name=f"run {at}", lines=lines)


def test_ten_runs_of_500_rounds_are_there_soon(opened: Open, rival: Path, tmp_path: Path) -> None:
    (run,) = read_runs([rival])
    runs = [long(run, at) for at in range(10)]
    rows = [Row(each.name, {}, 500, {"ndcg@10": 0.1, "hr@10": 0.1}) for each in runs]
    path = kept(tmp_path, "ten.html", runs, rows)
    assert path.stat().st_size < 2_000_000
    took = []
    for _ in range(3):
        start = perf_counter()
        opened(path)
        took.append(perf_counter() - start)
    assert min(took) < 2, took
