"""Pages in a browser: it takes Chromium, Playwright, and axe, which are in the extra ``test``.

``FEDRAS_CHROMIUM`` names a browser that is not on the path.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_CHROMIUM = (
    os.environ.get("FEDRAS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
)
NEEDS_CHROMIUM = [
    pytest.mark.skipif(_CHROMIUM is None, reason="no Chromium; FEDRAS_CHROMIUM names one"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="needs playwright"),
]
WIDTHS, SCHEMES = (360, 1400), ("light", "dark")


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser, and end it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def violations(page: Any) -> list[tuple[str, str, str]]:
    """Return what axe has to say of a page, contrast included: rule, impact, and where."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("needs axe-playwright-python, which brings axe")
    page.evaluate(Path(found.origin).with_name("axe.min.js").read_text("utf-8"))
    said = page.evaluate("axe.run()")["violations"]
    return [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in said]
