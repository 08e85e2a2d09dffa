"""What people write in a notebook, and what they see there."""

import ast
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import fedras
from fedras.data import interactions_from
from fedras.errors import FedrasError, UsageError
from fedras.run.folder import RunFolder
from fedras.run.progress import followed
from fedras.run.trained import History, Trained
from fedras.run.training import open_run

NOTEBOOK = Path(__file__).parent.parent / "examples" / "first_steps.ipynb"
_CHANCE = np.random.default_rng(0)
TABLE = {"user": _CHANCE.integers(0, 40, 900), "item": _CHANCE.integers(0, 130, 900)}
TITLES = {str(item): f"<Film> {item}" for item in range(130)}
OPTIONS: dict[str, Any] = {"rounds": 6, "eval_every": 2, "dim": 8, "actions": 4, "progress": False}


@pytest.fixture(scope="module")
def run() -> Trained:
    return fedras.fit(TABLE, items=TITLES, **OPTIONS)


def test_a_table_is_fitted_as_train_does(run: Trained) -> None:
    given = {name: value for name, value in OPTIONS.items() if name != "progress"}
    config = fedras.Config.model_validate(given)
    results = list(fedras.train(config, interactions=interactions_from(TABLE)))
    assert [row["round"] for row in run.history] == [2, 4, 5, 6]  # after 5 validation trains too
    assert run.history.column("ranked") == ["validation"] * 3 + [None]
    found = [r.metrics["hr@10"] for r in results if r.metrics]
    assert run.history.column("hr@10") == [*found, None]
    paper = config.model_copy(update={"monitor": "test"})
    *_, last = fedras.train(paper, interactions=interactions_from(TABLE))
    again = fedras.fit(TABLE, **OPTIONS, monitor="test")
    assert again.summary["metrics"] == last.metrics
    assert again.history.column("hr@10")[-1] == again.summary["metrics"]["hr@10"]
    assert run.config.rounds == 6
    assert run.folder is None


def test_recommendations_have_titles(run: Trained) -> None:
    (found,) = run.recommend(7, k=1)
    assert found.title == TITLES[found.item]
    assert list(run.recommend([7, "8"], k=2)) == ["7", "8"]
    assert len(run.similar("5", k=4)) == 4


def test_history_is_a_table(run: Trained) -> None:
    assert pa.Table.from_pylist(run.history).column("round").to_pylist() == [2, 4, 5, 6]
    assert repr(run.history).splitlines()[0].split()[:3] == ["round", "ranked", "HR@10"]
    assert len(repr(run.history).splitlines()) == 5
    assert repr(History()) == ""
    assert "<th>HR@10</th>" in run.history._repr_html_()


def test_notebooks_show_tables_that_hide_no_markup(run: Trained) -> None:
    shown = run.recommend([7], k=2)._repr_html_() + run.recommend(7, k=2)._repr_html_()
    assert "&lt;Film&gt;" in shown
    assert "<Film>" not in shown
    assert shown.count("<tr>") == 6
    assert "NDCG@10" in run._repr_html_()
    assert "<th>title</th>" in shown
    untitled = fedras.fit(TABLE, **OPTIONS).recommend(7, k=2)._repr_html_()
    assert "<th>title</th>" not in untitled
    assert "<th>score</th>" in untitled
    assert "HR@10" in repr(run.summary)
    shown = (
        "Trained(table: 40 users, 129 items; mf, fedras, 6 rounds; {} HR@10 {:.4f}  NDCG@10 {:.4f})"
    )
    last = run.history[2]
    assert repr(run) == shown.format("validation", last["hr@10"], last["ndcg@10"])


def test_names_are_completed(run: Trained) -> None:
    assert dir(fedras) == ["Config", "__version__", "fit", "load", "train", "tune"]
    assert {"recommend", "similar", "history", "summary", "save"} < set(dir(run))


def test_a_cell_can_be_run_again(run: Trained, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    first = fedras.fit(TABLE, out=folder, **OPTIONS)
    before = (folder / "checkpoint.npz").read_bytes()
    again = fedras.fit(TABLE, out=folder, **OPTIONS)
    assert again.history == first.history
    assert again.summary == first.summary
    assert (folder / "checkpoint.npz").read_bytes() == before
    with pytest.raises(UsageError, match=r"option rounds is 7 here but 6 in .*choose another out"):
        fedras.fit(TABLE, out=folder, **OPTIONS | {"rounds": 7})
    with pytest.raises(UsageError, match="option alpha is"):
        fedras.fit(TABLE, out=folder, **OPTIONS | {"alpha": 0.3})
    with pytest.raises(FedrasError, match="is not the data that the run"):
        fedras.fit({**TABLE, "item": TABLE["user"]}, out=folder, **OPTIONS)
    assert first.history.column("hr@10") == run.history.column("hr@10")


def test_a_cell_that_was_stopped_goes_on(
    run: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fedras.federation.simulator import Simulation

    step = Simulation.step

    def stopped(simulation: Simulation) -> Any:
        if simulation.round == 3:
            raise KeyboardInterrupt
        return step(simulation)

    with monkeypatch.context() as patched:
        patched.setattr(Simulation, "step", stopped)
        with pytest.raises(KeyboardInterrupt):
            fedras.fit(TABLE, out=tmp_path / "run", **OPTIONS)
    rest = fedras.fit(TABLE, out=tmp_path / "run", **OPTIONS)
    assert rest.history.column("ndcg@10") == run.history.column("ndcg@10")


def test_a_run_is_saved_and_loaded(run: Trained, tmp_path: Path) -> None:
    assert run.save(tmp_path / "kept") == tmp_path / "kept"
    run.save(tmp_path / "kept")  # a cell that is run again
    loaded = fedras.load(tmp_path / "kept", interactions=TABLE, items=TITLES)
    assert loaded.recommend(7) == run.recommend(7)
    assert loaded.history == run.history
    assert loaded.summary == run.summary
    assert loaded.folder == tmp_path / "kept"
    assert loaded.save(tmp_path / "kept") == tmp_path / "kept"
    assert RunFolder(tmp_path / "kept").summary() == run.summary
    moved = fedras.load(tmp_path / "kept", interactions=pa.table(TABLE)).save(tmp_path / "two")
    assert (moved / "checkpoint.npz").read_bytes() == (
        tmp_path / "kept" / "checkpoint.npz"
    ).read_bytes()


def test_another_run_is_never_overwritten(run: Trained, tmp_path: Path) -> None:
    run.save(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    others = (
        fedras.fit(TABLE, **OPTIONS | {"seed": 1}),
        fedras.fit({**TABLE, "item": TABLE["item"][::-1]}, **OPTIONS),
    )
    for other in others:
        with pytest.raises(UsageError, match="holds another run; choose another folder"):
            other.save(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    with pytest.raises(UsageError, match="is not empty"):
        run.save(tmp_path / "thesis")


def test_files_and_names_are_fitted(tmp_path: Path) -> None:
    rows = zip(TABLE["user"].tolist(), TABLE["item"].tolist(), strict=True)
    (tmp_path / "loans.csv").write_text("member,book\n" + "".join(f"{u},{i}\n" for u, i in rows))
    titles = "".join(f"{item},{title}\n" for item, title in TITLES.items())
    (tmp_path / "books.csv").write_text("item,title\n" + titles)
    run = fedras.fit(
        tmp_path / "loans.csv",
        items=tmp_path / "books.csv",
        columns="user=member,item=book",
        **OPTIONS,
    )
    assert run.recommend("7", k=1)[0].title is not None
    synthetic = fedras.fit("synthetic", users=30, interactions=300, **OPTIONS)
    assert len(synthetic.users) == 30


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    for match, options in (
        ("unknown option 'nonsense'", {"nonsense": 1}),
        ("option rounds", {"rounds": "many"}),
        ("option min_rating", {"min_rating": [3]}),
        ("option alpha", {"alpha": 7}),
    ):
        with pytest.raises(UsageError, match=match) as raised:
            fedras.fit(TABLE, out=tmp_path / "run", **OPTIONS | options)
        assert "\n" not in str(raised.value)
    assert not list(tmp_path.iterdir())
    fedras.train(fedras.Config(), tmp_path / "run", interactions=TABLE)
    with pytest.raises(UsageError, match="has no checkpoint yet"):
        fedras.load(tmp_path / "run", interactions=TABLE)


def test_columns_and_warnings_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    few = {"buyer": [1, 1, 1, 2, 2, 2], "item": [1, 2, 3, 1, 4, 5]}
    fedras.fit(few, rounds=1, dim=4)
    said = capsys.readouterr().out
    assert "columns: user=buyer, item=item" in said
    assert "fewer than 99 items are left" in said


class _Handle:
    """What IPython's display returns."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, data: dict[str, str], raw: bool) -> None:
        assert raw
        assert set(data) == {"text/html", "text/plain"}
        self.shown.append(data["text/html"])


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> _Handle:
    """A notebook, as far as a bar needs one."""
    handle = _Handle()

    def display(data: dict[str, str], raw: bool, display_id: bool) -> _Handle:
        assert display_id
        handle.update(data, raw)
        return handle

    shell = types.SimpleNamespace(kernel=object())
    shows = types.SimpleNamespace(display=display)
    ipython = types.SimpleNamespace(get_ipython=lambda: shell, display=shows)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    return handle


def test_a_notebook_gets_a_bar(cell: _Handle, tmp_path: Path) -> None:
    options = OPTIONS | {"progress": True, "out": tmp_path / "run"}
    rounds = fedras.fit(TABLE, **options).config.rounds
    assert f"round 0 of {rounds}" in cell.shown[0]
    done = cell.shown[-1]
    assert f'value="{rounds}" max="{rounds}"' in done
    assert "HR@10" in done
    fedras.fit(TABLE, **options)  # the cell again
    assert cell.shown[-1] == done


def test_the_bar_says_where_a_run_was_stopped(cell: _Handle) -> None:
    config = fedras.Config.model_validate({"rounds": 4, "eval_every": 4, "dim": 8})
    rounds = followed(open_run(config, interactions=interactions_from(TABLE)))
    assert [next(rounds).round for _ in range(3)] == [1, 2, 3]
    rounds.close()
    assert "round 3 of 4" in cell.shown[-1]
    assert "stopped" in cell.shown[-1]


def test_a_table_that_was_read_says_what_is_in_it() -> None:
    said = "Interactions(table: 2 users, 3 items, 4 interactions; columns: user=user, item=item, "
    assert repr(interactions_from([(1, 5), (1, 6), (2, 5), (2, 7)])).startswith(said)


def test_a_terminal_gets_a_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    fedras.fit(TABLE, **OPTIONS | {"progress": True})
    assert "100%" in capsys.readouterr().err


def test_nothing_else_gets_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    fedras.fit(TABLE, **OPTIONS)
    assert capsys.readouterr() == ("", "")


def test_the_notebook_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each cell is executed as a notebook does, and each shows a value at its end."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    shown = []
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            *lines, last = ast.parse("".join(cell["source"])).body
            assert isinstance(last, ast.Expr)
            exec(compile(ast.Module(lines, []), str(NOTEBOOK), "exec"), names)  # noqa: S102
            shown.append(eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names))  # noqa: S307
    _, run, history, best, similar, cost, folded = shown
    assert run._repr_html_()
    assert history
    assert set(best) == {"reader 0", "reader 1"}
    assert all(found.title.startswith("Mystery") for found in folded)
    assert len(similar) == 3
    assert cost["actions"] > 0
