"""The published data sets, read from real files."""

from pathlib import Path

import numpy as np
import pytest
from helpers.published import Real

from fedras.data import Interactions, describe, leave_one_out, load
from fedras.data.table import read_integers
from fedras.errors import DataError


def counts(data: Interactions) -> tuple[int, int, int]:
    return len(data), data.n_users, data.n_items


def title(data: Interactions, item_id: str) -> str:
    assert data.titles is not None
    return str(data.titles[data.item_ids.tolist().index(item_id)])


def test_ml_100k(ml_100k_dir: Path) -> None:
    data = load("ml-100k", ml_100k_dir)
    assert counts(data) == (100_000, 943, 1_682)
    assert data.notes == ()
    assert title(data, "50") == "Star Wars (1977)"
    assert describe("ml-100k", ml_100k_dir)["published"] == "identical"


def test_ml_1m(real: Real) -> None:
    data = load("ml-1m", real("ml-1m"))
    assert counts(data) == (1_000_209, 6_040, 3_706)
    assert data.notes == ()
    assert title(data, "73") == "Misérables, Les (1995)"


def test_lastfm_2k(real: Real) -> None:
    data = load("lastfm-2k", real("lastfm-2k"))
    assert counts(data) == (70_390, 1_482, 12_399)
    assert data.notes == ()
    assert np.diff(data.indptr).min() == 2
    assert title(data, "1") == "MALICE MIZER"


def test_lastfm_2k_repeats_leaks_and_says_so(real: Real) -> None:
    data = load("lastfm-2k-repeats", real("lastfm-2k"))
    assert counts(data) == (185_649, 1_600, 12_454)
    split = leave_one_out(data)
    rows = np.split(split.items, split.indptr[1:-1])
    leaked = [h in row for h, row in zip(split.held_out, rows, strict=True)]
    assert np.mean(leaked) > 0.5
    (note,) = data.notes
    assert "often in the same user's training rows" in note


@pytest.mark.parametrize(
    ("name", "folder"), [("ml-100k", "ml-100k"), ("ml-1m", "ml-1m"), ("lastfm-2k", "lastfm-2k")]
)
def test_histories_follow_the_files_times(name: str, folder: str, real: Real) -> None:
    """Check a few users against a slow reading of the file."""
    root = real(folder)
    data = load(name, root)
    file, separator = {
        "ml-100k": ("u.data", "\t"),
        "ml-1m": ("ratings.dat", "::"),
        "lastfm-2k": ("user_taggedartists.dat", "\t"),
    }[name]
    lines = (root / folder / file).read_text(encoding="latin-1").splitlines()
    for user_id in data.user_ids[[0, 7, -1]].tolist():
        cells = [line.split(separator) for line in lines if line.startswith(user_id + separator)]
        when = [
            (int(c[5]), int(c[4]), int(c[3])) if name == "lastfm-2k" else int(c[3]) for c in cells
        ]
        order = sorted(range(len(cells)), key=when.__getitem__)
        expected = list(dict.fromkeys(cells[i][1] for i in order))
        user = data.user_index(user_id)
        items = data.items[data.indptr[user] : data.indptr[user + 1]]
        assert data.item_ids[items].tolist() == expected


def test_a_partial_copy_is_noted(tmp_path: Path) -> None:
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    (folder / "ratings.dat").write_bytes(b"1::5::3::10\r\n1::6::4::9")
    data = load("ml-1m", tmp_path)
    assert data.item_ids[data.items].tolist() == ["6", "5"]
    (note,) = data.notes
    assert note.startswith(f"{folder} is not the published ml-1m: 2 interactions, 1 users")
    assert describe("ml-1m", tmp_path)["published"] == "differs"


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        (b"1::5::3::10\n1::5::x::9\n", 2, "1::5::x::9"),
        (b"1::5::3::10\n1::5::3\n", 2, "1::5::3"),
        (b"1:5:3:10\n", 1, "1:5:3:10"),
        (b"1::5::3::10::4\n", 1, "1::5::3::10::4"),
        (b"1::5::3::10\n\n1::5::3::10\n", 2, ""),
        (b"1::5::3::-10\n", 1, "1::5::3::-10"),
        (b"1::5::3::1234567890123456789\n", 1, "1::5::3::1234567890123456789"),
        (b"1::5::3::10\n1::5::", 2, "1::5::"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, text: bytes, line: int, found: str) -> None:
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    (folder / "ratings.dat").write_bytes(text)
    with pytest.raises(DataError) as error:
        load("ml-1m", tmp_path)
    assert str(error.value) == (
        f"{folder / 'ratings.dat'}:{line}: expected 'user::item::rating::timestamp' in whole "
        f"numbers, found {found!r}; replace the file by a complete copy"
    )


def test_lines_count_from_the_top_of_the_file_below_a_header(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(b"a\tb\r\n1\t2\r\n3\r\n")
    with pytest.raises(DataError, match=r"t:3: expected 'a\\tb' in whole numbers, found '3'"):
        read_integers(path, ("a", "b"), "\t", header=True)
    path.write_bytes(b"a\tb\r\n")
    with pytest.raises(DataError, match="t: has no interactions"):
        read_integers(path, ("a", "b"), "\t", header=True)
    with pytest.raises(DataError, match="gone: cannot be read"):
        read_integers(tmp_path / "gone", ("a", "b"), "\t")
