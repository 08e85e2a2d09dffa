"""The site builds without a warning, and every link within it leads somewhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it as the document on contributing says; notebooks are executed on the way."""
    for needed in ("sphinx", "furo", "myst_nb"):
        pytest.importorskip(needed, reason='pip install -e ".[docs]"')
    folder = tmp_path_factory.mktemp("site")
    options = ["-W", "--keep-going", "-n", "-q", "-E", "-c", "docs", ".", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options],
        cwd=ROOT,
        env={**os.environ, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return folder


class Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        self.links |= {given[name] for name in ("href", "src") if name in given}


def test_every_link_within_the_site_leads_somewhere(site: Path) -> None:
    pages = {path: Page(path) for path in site.rglob("*.html")}
    assert len(pages) > 20

    def broken() -> Iterator[tuple[str, str]]:
        for path, page in pages.items():
            for link in page.links:
                parts = urlsplit(link)
                if parts.scheme or parts.netloc:
                    continue
                target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
                anchor = unquote(parts.fragment)
                if not target.is_file() or (
                    anchor and target in pages and anchor not in pages[target].anchors
                ):
                    yield str(path.relative_to(site)), link

    assert sorted(broken()) == []


def test_documents_that_are_not_on_the_site_are_none(site: Path) -> None:
    for document in (ROOT / "docs").glob("*.md"):
        assert (site / "docs" / document.name).with_suffix(".html").is_file()
    for notebook in (ROOT / "examples").glob("*.ipynb"):
        page = (site / "examples" / notebook.name).with_suffix(".html").read_text("utf-8")
        assert "cell_output" in page
