"""What is shown while something runs: on light and dark terminals, narrow ones and in pipes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.ansi import AnsiDecoder
from rich.color import Color
from rich.markdown import Markdown
from rich.progress import Progress, SpinnerColumn, TimeRemainingColumn
from rich.style import Style

from fedras import terminal
from fedras.cli.displays import durations, federation, output

LIGHT, DARK = "#ffffff", "#1e1e1e"
LEAST = 3.0  # of parts of a picture and large text, by WCAG 2.1


def luminance(name: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in Color.parse(name).get_truecolor())
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


class Screen:
    """A terminal that keeps what it was sent."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._seen = capsys, ""

    def getvalue(self) -> str:
        self._seen += "".join(self._capsys.readouterr())
        return self._seen


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Screen:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "24")
    monkeypatch.delenv("NO_COLOR", raising=False)
    # pytest gives the test other streams of the same class.
    monkeypatch.setattr(type(sys.stderr), "isatty", lambda _: True, raising=False)
    return Screen(capsys)


def text_of(shown: Screen) -> str:
    return "\n".join(line.plain for line in AnsiDecoder().decode(shown.getvalue()))


def require_readable(shown: Screen) -> set[str]:
    """Check every colour that was sent; return them."""
    colours = set()
    for line in AnsiDecoder().decode(shown.getvalue()):
        for span in line.spans:
            style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
            assert not style.dim, line
            assert style.bgcolor is None or style.bgcolor.is_default
            if style.color is not None and not style.color.is_default:
                fixed = style.color.triplet is not None or (style.color.number or 0) >= 16
                assert fixed, f"{style} is another in each terminal"
                colours.add(style.color.get_truecolor().hex)
    for colour in colours:
        assert contrast(colour, LIGHT) >= LEAST
        assert contrast(colour, DARK) >= LEAST
    return colours


def test_contrast_is_computed_as_it_is_defined() -> None:
    assert contrast("#000000", LIGHT) == pytest.approx(21)
    assert contrast("#767676", LIGHT) == pytest.approx(4.54, abs=0.01)


def test_bars_and_counters_are_readable_on_light_and_on_dark(screen: Screen) -> None:
    console = terminal.console(stderr=True)
    columns = SpinnerColumn(), *Progress.get_default_columns(), TimeRemainingColumn()
    with Progress(*columns, console=console) as bar:
        bar.add_task("half", total=10, completed=5)
        bar.add_task("done", total=10, completed=10)
        bar.add_task("some time", total=None)
        bar.refresh()
    assert {terminal.STRONG, terminal.FAINT} <= require_readable(screen)


def test_tables_of_results_are_readable(screen: Screen) -> None:
    text = "# Title\n\n| a | b |\n|---|---|\n| `x` | **2** |\n\n- one\n\n1. two\n"
    terminal.console().print(Markdown(text))
    output.print_table(["name", "value"], [["one", "2"]], right=(1,))
    require_readable(screen)
    assert "Title" in text_of(screen)


def test_without_colour_there_is_none(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with Progress(console=terminal.console(stderr=True)) as bar:
        bar.add_task("half", total=10, completed=5)
    assert not require_readable(screen)
    assert "50%" in text_of(screen)


@pytest.mark.parametrize(("term", "colours"), [("xterm", 0), ("xterm-256color", 2)])
def test_there_are_colours_only_where_they_are_known(
    term: str, colours: int, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", term)
    with Progress(console=terminal.console(stderr=True)) as bar:
        bar.add_task("half", total=10, completed=5)
    assert len(require_readable(screen)) == colours
    assert "50%" in text_of(screen)


LONG = (
    "a line of words that goes on and on, so that no terminal of eighty columns can hold it whole"
)


def test_what_is_piped_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table(["name", "what"], [["one", LONG * 2]])
    output.echo(LONG * 2)
    output.say(LONG * 2)
    out, err = capsys.readouterr()
    assert [LONG * 2 in line for line in out.splitlines()] == [False, True, True]
    assert err == f"fedras: {LONG * 2}\n"


def test_a_narrow_terminal_breaks_between_words(screen: Screen) -> None:
    output.echo(LONG)
    output.say(LONG)
    lines = text_of(screen).splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(line.strip() for line in lines) == f"{LONG} fedras: {LONG}"


STATUS: dict[str, Any] = {
    "round": 0,
    "rounds": 9,
    "nodes": {str(7**40 + n): {"clients": 5, "version": 0, "awake": True} for n in range(2)},
    "metrics": None,
}
QUALITY = {"ranked": "validation", "hr@10": 0.5, "ndcg@10": 0.25, "round": 3}


@contextmanager
def seconds(monkeypatch: pytest.MonkeyPatch, *times: float) -> Iterator[None]:
    clock = iter(times)
    with monkeypatch.context() as patched:
        patched.setattr(durations, "monotonic", lambda: next(clock))
        yield


def test_a_federation_is_shown_by_name_from_the_start(screen: Screen) -> None:
    with federation.watched([700, 12], 9, quiet=False) as show:
        show(None, [{"up": 1234, "down": 10}, {"up": 0, "down": 0}])
        before = text_of(screen)
        show(STATUS | {"round": 3, "metrics": QUALITY}, [{"up": 5_000_000, "down": 1}] * 2)
    assert "starting SuperLink and SuperNodes" in before
    assert "0/9 rounds" in before
    assert all(word in before for word in ("node-0", "node-1", "700", "1.2 kB"))
    shown = text_of(screen)
    assert "3/9 rounds" in shown
    assert "2 of 2 nodes answer" in shown
    assert "validation HR@10 0.5000" in shown
    assert "14.0 kB a user" in shown.replace("\n", " ")
    assert str(7**40) not in shown
    assert max(len(line) for line in shown.splitlines()) <= 60
    require_readable(screen)


def test_many_nodes_fit_the_screen(screen: Screen) -> None:
    with federation.watched([1] * 400, 9, quiet=False) as show:
        show(None, [{"up": 1000, "down": 0}] * 400)
    shown = text_of(screen)
    assert "node-11" in shown
    assert "388 more" in shown
    assert "388.0 kB" in shown


def test_a_pipe_gets_a_line_for_each_piece_of_news(capsys: pytest.CaptureFixture[str]) -> None:
    with federation.watched([6, 4], 9, quiet=False) as show:
        for status in (None, None, STATUS, STATUS, STATUS | {"round": 1}):
            show(status, [{"up": 500, "down": 0}] * 2)
    first, *lines = capsys.readouterr().err.splitlines()
    assert first.startswith("fedras: starting")
    assert lines == [
        f"fedras: round {n}/9  2 of 2 nodes answer  up 1.0 kB  down 0 bytes  100 bytes a user  "
        "time left unknown"
        for n in (0, 1)
    ]


def test_time_left_does_not_count_what_comes_before_the_first_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = durations.Left()
    with seconds(monkeypatch, 60.0, 64.0):
        assert left.after(0, 10) == "time left unknown"  # nodes start
        assert left.after(1, 10) == "time left unknown"  # and answer for the first time
        assert left.after(3, 10) == "about 14 s left"


def test_a_resumed_run_is_timed_from_its_first_new_round(monkeypatch: pytest.MonkeyPatch) -> None:
    left = durations.Left()
    with seconds(monkeypatch, 100.0, 103.0):
        assert [left.after(n, 10) for n in (5, 5, 6)] == ["time left unknown"] * 3
        assert left.after(7, 10) == "about 9 s left"


@pytest.mark.parametrize("command", [[], ["train"], ["data"], ["data", "info"], ["compare"]])
def test_help_is_readable_anywhere(
    command: list[str], screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fedras.cli.app import run

    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True, raising=False)
    assert run([*command, "--help"]) == 0
    assert not require_readable(screen)
    text = text_of(screen)
    assert max(map(len, text.splitlines())) <= 60
    words = " ".join(text.split())
    assert "\\[" not in words
    assert "…" not in words
    if command == ["train"]:
        assert "--compression-rate FLOAT" in words
        assert "--error-feedback The server adds" in words
    if not command:
        assert "train Train a federation and measure what it costs and how well it" in words


def test_a_comparison_has_whole_words_at_any_width(screen: Screen) -> None:
    from fedras.cli.compare import _print_rows
    from fedras.evaluation.significance import Difference, Interval
    from fedras.pages.comparison import Row

    each = {"ndcg@10": 0.4796, "hr@10": 0.7}
    less = Difference(-0.0165, -0.0294, -0.0041, 0.0131, 0.012)
    rows = [
        Row(
            "ml-100k-mf-fedras-1",
            {},
            500,
            each,
            Interval(0.48, 0.456, 0.504),
            sent=8e6,
            received=4e5,
        ),
        Row("ml-100k-mf-svd-1", {}, 500, each, Interval(0.46, 0.44, 0.486), less, 0.0131, 2e6, 2e6),
        Row("popularity", {}, None, each),
    ]
    _print_rows(rows)
    text = text_of(screen)
    assert max(map(len, text.splitlines())) <= 60
    for whole in ("ml-100k-mf-fedras-1", "[.456, .504]", "-0.0165 [-.029, -.004]", "popularity"):
        assert whole in text
    assert len(text.split("\n\n")[1].splitlines()) == 2
