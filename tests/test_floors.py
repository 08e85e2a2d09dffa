"""The order of the folders, and the sizes of files and functions, as the documents have them."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path, PurePath
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "fedras"
MODULES = sorted(SOURCE.rglob("*.py"))
EVERYTHING = sorted(
    p for folder in ("src", "tests", "benchmarks") for p in (ROOT / folder).rglob("*.py")
)
PACKAGE = ("__init__.py", "__main__.py")  # above all floors
LONGEST_FILE, LONGEST_FUNCTION = 300, 60


class Import(NamedTuple):
    """Who imports what, as paths below the package."""

    user: PurePath
    line: int
    used: PurePath

    def __str__(self) -> str:
        return f"{self.user}:{self.line} imports {self.used}"


def floors() -> list[list[str]]:
    """Return what stands on each floor of the document's table, the lowest first."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = text.partition("| floor | what is there |\n")[2].partition("\n\n")[0]
    first_cells = [row.split("|")[1] for row in table.splitlines()[1:]]
    return [[name.rstrip("/") for name in re.findall("`(.+?)`", cell)] for cell in first_cells]


def target(name: str) -> PurePath | None:
    """Return the module or folder of the package that a dotted name is or is in."""
    first, *rest = name.split(".")
    if first != "fedras":
        return None
    path = SOURCE
    for part in rest:
        if (path / f"{part}.py").exists():
            return (path / f"{part}.py").relative_to(SOURCE)
        if not (path / part).is_dir():
            break
        path /= part
    return (path / "__init__.py").relative_to(SOURCE)


def imports_of(module: Path) -> Iterator[Import]:
    """Yield every import of the package's own: at the top, in functions, for type checkers."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        within = ""
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} is relative"
            within = f"{node.module}."
        for used in filter(None, (target(within + alias.name) for alias in node.names)):
            yield Import(module.relative_to(SOURCE), node.lineno, used)


def imports() -> list[Import]:
    found = [each for module in MODULES for each in imports_of(module)]
    assert len(found) > 500  # else this finds nothing, and every test below passes
    return found


def test_every_file_stands_on_one_floor() -> None:
    named = sorted(name for floor in floors() for name in floor)
    there = {module.relative_to(SOURCE).parts[0] for module in MODULES} - set(PACKAGE)
    assert named == sorted(there)


def test_no_import_runs_back_up() -> None:
    level = {name: at for at, floor in enumerate(floors()) for name in floor}
    level |= dict.fromkeys(PACKAGE, len(level))

    def level_of(path: PurePath) -> int:
        return level[path.parts[0]]

    wrong = [str(each) for each in imports() if level_of(each.used) > level_of(each.user)]
    assert not wrong


def test_no_two_folders_import_each_other() -> None:
    """This is about folders in folders, too, and those that share a floor."""
    graph: dict[PurePath, set[PurePath]] = {}
    for each in imports():
        if each.user.parent != each.used.parent and each.user.parts[0] not in PACKAGE:
            graph.setdefault(each.user.parent, set()).add(each.used.parent)
    del graph[PurePath()]  # modules beside the folders: the floors have each of them
    TopologicalSorter(graph).prepare()  # raises CycleError, with the cycle


@pytest.mark.parametrize("module", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(module: Path) -> None:
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, (node.name, lines)
