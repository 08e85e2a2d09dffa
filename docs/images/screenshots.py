"""Make the pictures of this folder: ``python docs/images/screenshots.py``.

Runs on the table of the page on five minutes, shown by headless Chromium (``FEDRAS_CHROMIUM`` names
one that is not on the path) through Playwright (extra ``test``).
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

HERE = Path(__file__).resolve().parent
MOST = 300_000  # bytes of a picture
FEDRAS = [sys.executable, "-m", "fedras"]


def blocks(page: Path) -> Iterator[str]:
    """Yield the Python blocks of a document."""
    yield from re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def train(folder: Path) -> None:
    """Leave the runs ``first`` and ``second`` in a folder, and a report of both."""
    table = next(blocks(HERE.parent / "five-minutes.md"))
    subprocess.run([sys.executable, "-c", table], cwd=folder, check=True)
    data = ["loans.csv", "--items=books.csv", "--columns=user=reader,item=book", "--quiet"]
    other = ["--method=topk", "--compression-rate=0.9375"]
    for arguments in (
        ["train", *data, "--out=runs/first", "--with-uncompressed"],
        ["train", *data, "--out=runs/second", *other],
        ["report", "runs/first", "runs/second", "--out=report.html"],
    ):
        subprocess.run([*FEDRAS, *arguments], cwd=folder, check=True)


@contextmanager
def explored(folder: Path) -> Iterator[str]:
    """Serve what a run recommends; the command says where."""
    serving = subprocess.Popen(
        [*FEDRAS, "explore", "runs/first", "--no-browser"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield next(
            found[0]
            for line in serving.stdout or ()
            if (found := re.search(r"http://127\.0\.0\.1:\d+\S*", line))
        )
    finally:
        serving.terminate()
        serving.wait(30)


def shoot(browser: Any, url: str, name: str, ready: str = "body") -> None:
    """Write a picture of the head of a page."""
    page = browser.new_page(viewport={"width": 1000, "height": 900}, color_scheme="light")
    page.goto(url)
    page.wait_for_selector(ready, timeout=60_000)
    picture = page.screenshot(path=HERE / name)
    page.close()
    if len(picture) >= MOST:
        raise SystemExit(f"{name} has {len(picture):,} bytes")


def main() -> None:
    """Make all of them."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- an extra

    chromium = os.environ.get("FEDRAS_CHROMIUM") or shutil.which("chromium")
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        train(folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shoot(browser, (folder / "report.html").as_uri(), "report.png", "html[data-drawn]")
        with explored(folder) as url:
            shoot(browser, f"{url.rstrip('/')}/user?id=reader+0", "explore.png")
        browser.close()


if __name__ == "__main__":
    main()
