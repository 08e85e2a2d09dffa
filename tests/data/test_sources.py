"""Where files come from, with a publisher on the loopback interface."""

import hashlib
import io
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from fedras.data import available, fetch
from fedras.data.sets.ml_100k import from_package_index
from fedras.data.sources import Counts, Published, Sources
from fedras.errors import DataError

ROWS, TITLES = b"1\t2\t3\t4\n", b"2|Two (2000)\n"
UNREACHABLE = "http://127.0.0.1:1/toy.zip"


@dataclass
class Publisher:
    """A web server that serves one archive and counts how often."""

    url: str = ""
    archive: bytes = b""
    cut: int = 0
    pause: float = 0.0
    served: list[str] = field(default_factory=list)


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as writer:
        for name, content in files.items():
            writer.writestr(f"toy/{name}", content)
    return buffer.getvalue()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    state = Publisher(archive=archive(**{"u.data": ROWS, "u.item": TITLES, "other": b"x"}))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.served.append(self.path)
            self.send_response(200 if self.path == "/toy.zip" else 404)
            self.send_header("Content-Length", str(len(state.archive)))
            self.end_headers()
            whole = state.archive[: len(state.archive) - state.cut]
            if not state.pause:
                self.wfile.write(whole)
                return
            with suppress(OSError):  # whoever fetches may give up
                for byte in whole[:20]:
                    self.wfile.write(bytes([byte]))
                    time.sleep(state.pause)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}/toy.zip"
        yield state
        server.shutdown()
        thread.join()


def toy(url: str = UNREACHABLE, **changes: Any) -> Published:
    return replace(Published("toy", ("u.data", "u.item"), url, Counts(1, 1, 1)), **changes)


def mirror(rows: bytes = ROWS) -> Callable[[Path], None]:
    def get(folder: Path) -> None:
        (folder / "u.data").write_bytes(rows)

    return get


def put(parent: Path, rows: bytes = ROWS) -> Path:
    folder = parent / "toy"
    folder.mkdir(parents=True)
    (folder / "u.data").write_bytes(rows)
    return folder


def left_in(cache: Path) -> list[str]:
    return sorted(str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file())


def test_local_comes_before_cache_before_publisher_before_mirrors(
    tmp_path: Path, publisher: Publisher
) -> None:
    sources = Sources(tmp_path / "local")
    assert sources.locate(toy()) is None
    assert sources.folder(toy(UNREACHABLE, mirrors=(("m", mirror()),))) == sources.cache / "toy"
    assert sources.fetch(toy(publisher.url, mirrors=(("m", mirror(b"other")),))) == (
        sources.cache / "toy"
    )
    assert (sources.cache / "toy" / "u.data").read_bytes() == ROWS
    assert publisher.served == ["/toy.zip"]
    assert sources.locate(toy()) == (sources.cache / "toy", "cached")
    local = put(tmp_path / "local")
    assert sources.locate(toy()) == (local, "local")
    assert sources.folder(toy(publisher.url)) == local
    assert publisher.served == ["/toy.zip"]


def test_the_environment_names_the_local_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path / "env")
    monkeypatch.setenv("FEDRAS_DATA", str(tmp_path / "env"))
    assert Sources().folder(toy()) == folder
    other = put(tmp_path / "given")
    assert Sources(tmp_path / "given").folder(toy()) == other


def test_only_the_files_that_are_read_are_kept(publisher: Publisher) -> None:
    sources = Sources()
    checksum = "md5:" + hashlib.md5(publisher.archive, usedforsecurity=False).hexdigest()
    sources.fetch(toy(publisher.url, archive_checksum=checksum))
    assert left_in(sources.cache) == ["toy/u.data", "toy/u.item"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (
            {"archive_checksum": "md5:" + "0" * 32},
            "the archive does not have the published checksum",
        ),
        ({"checksum": "sha256:" + "0" * 64}, "its u.data does not have the published checksum"),
        ({"files": ("ratings", "u.data")}, "it has no ratings"),
    ],
)
def test_a_wrong_download_is_refused(
    publisher: Publisher, spoil: dict[str, Any], reason: str
) -> None:
    sources = Sources()
    with pytest.raises(DataError) as error:
        sources.fetch(toy(publisher.url, **spoil))
    assert f"{publisher.url} ({reason})" in str(error.value)
    assert left_in(sources.cache) == []


def test_a_broken_download_leaves_what_was_there(publisher: Publisher) -> None:
    sources = Sources()
    put(sources.cache, b"old")
    publisher.cut = 40
    with pytest.raises(DataError, match=r"toy\.zip \("):
        sources.fetch(toy(publisher.url))
    publisher.cut, publisher.archive = 0, b"<html>no such archive</html>"
    with pytest.raises(DataError, match=r"File is not a zip file"):
        sources.fetch(toy(publisher.url))
    assert left_in(sources.cache) == ["toy/u.data"]
    assert (sources.cache / "toy" / "u.data").read_bytes() == b"old"


def test_an_interrupted_fetch_leaves_nothing() -> None:
    def interrupted(folder: Path) -> None:
        (folder / "u.data").write_bytes(ROWS[:3])
        raise KeyboardInterrupt

    sources = Sources()
    with pytest.raises(KeyboardInterrupt):
        sources.fetch(toy(mirrors=(("m", interrupted),)))
    assert list(sources.cache.iterdir()) == []


def test_the_indispensable_file_appears_last(publisher: Publisher) -> None:
    """A fetch that dies between two files must not look complete."""
    sources = Sources()
    (sources.cache / "toy" / "u.item").mkdir(parents=True)  # so that this file cannot be placed
    with pytest.raises(DataError):
        sources.fetch(toy(publisher.url))
    assert sources.locate(toy()) is None


def test_the_error_lists_every_source_in_one_line(tmp_path: Path, publisher: Publisher) -> None:
    def broken(_: Path) -> None:
        raise DataError("it is closed")

    missing = publisher.url.replace("toy", "gone")
    with pytest.raises(DataError) as error:
        Sources(tmp_path / "d").fetch(toy(missing, mirrors=(("the mirror", broken),)))
    message = str(error.value)
    assert message.startswith("cannot get the data set toy: ")
    assert f"{tmp_path / 'd' / 'toy'} (no u.data); {missing} (404 Client Error" in message
    assert "the mirror (it is closed); put u.data into DIR/toy/ and give --data-dir DIR" in message
    assert "\n" not in message


def test_an_unwritable_cache_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FEDRAS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match=r"cannot write to the cache .*; set FEDRAS_CACHE to"):
        Sources().fetch(toy())


def test_available_and_fetch_go_by_what_is_there(tmp_path: Path) -> None:
    assert available("lastfm-2k-repeats") == "not fetched"
    folder = tmp_path / "d" / "lastfm-2k"
    folder.mkdir(parents=True)
    (folder / "user_taggedartists.dat").write_text("")
    assert available("lastfm-2k-repeats", tmp_path / "d") == "local"
    assert fetch("lastfm-2k-repeats", tmp_path / "d") == folder


def test_the_package_is_converted_to_the_published_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        assert command[1:4] == ["-m", "pip", "download"]
        assert not any("index" in word for word in command)
        name = "recbole/dataset_example/ml-100k/ml-100k"
        with zipfile.ZipFile(Path(command[command.index("--dest") + 1], "r.whl"), "w") as wheel:
            wheel.writestr(f"{name}.inter", b"user_id:token\titem_id:token\n" + ROWS)
            wheel.writestr(f"{name}.item", "item_id:token\ttitle\tyear\n2\tÉté\t1968\tDrama\n")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    from_package_index(tmp_path)
    assert (tmp_path / "u.data").read_bytes() == ROWS
    assert (tmp_path / "u.item").read_text(encoding="latin-1") == "2|Été (1968)\n"


def test_a_failing_pip_gives_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pip(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "WARNING: a\nERROR: no network\n")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(DataError, match=r"^pip failed: ERROR: no network$"):
        from_package_index(tmp_path)


def test_a_server_that_drips_is_given_up(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedras.data.sources._PATIENCE", 0.3)
    publisher.pause = 0.1
    start = perf_counter()
    with pytest.raises(DataError, match=r"it took longer than 0\.3 s"):
        Sources().fetch(toy(publisher.url))
    assert perf_counter() - start < 5


def test_a_folder_in_the_archive_is_no_file(publisher: Publisher) -> None:
    publisher.archive = archive(**{"u.data": ROWS, "backup/u.data/": b"", "x/u.item/": b""})
    sources = Sources()
    sources.fetch(toy(publisher.url))
    assert (sources.cache / "toy" / "u.data").read_bytes() == ROWS
    assert left_in(sources.cache) == ["toy/u.data"]


def test_a_file_that_expands_beyond_measure_is_refused(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fedras.data.sources._LARGEST", 5)
    with pytest.raises(DataError, match=r"its u\.data expands to 8 bytes"):
        Sources().fetch(toy(publisher.url))


def test_without_a_checksum_the_lines_are_counted(publisher: Publisher) -> None:
    with pytest.raises(DataError, match=r"its u\.data has 1 lines instead of 2"):
        Sources().fetch(toy(publisher.url, lines=2))
    assert Sources().fetch(toy(publisher.url, lines=1)).name == "toy"
