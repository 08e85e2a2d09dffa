from pathlib import Path

import pytest

from fedras.errors import FedrasError
from fedras.writing import whole


def test_a_file_is_replaced_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file"
    with whole(target) as partial:
        partial.write_text("one")
        assert not target.exists()

    def stopped() -> None:
        with whole(target) as partial:
            partial.write_text("tw")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert target.read_text() == "one"
    assert list(target.parent.iterdir()) == [target]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(FedrasError, match=r"cannot write .*below: "),
        whole(tmp_path / "file" / "below") as partial,
    ):
        partial.write_text("")
    with pytest.raises(FedrasError, match="cannot write"), whole(tmp_path) as partial:
        partial.write_text("")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
