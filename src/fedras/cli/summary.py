"""What ``train`` and ``federate`` print at the end."""

from typing import Any

import typer

from fedras.cli.displays.output import echo, human, print_table, say

_SHOWN = "@10"  # other cut-offs are in the file
_COMPARED = ("hr@10", "ndcg@10")
_RANKINGS = {"metrics": "", "metrics_full": " of all"}
_QUALITY = {
    "metrics": "clients, sampled items",
    "metrics_full": "clients, all items",
    "server_metrics": "server, sampled items",
}


def print_summary(summary: dict[str, Any], folder: str, asked: str, user: str) -> None:
    """Print the summary of a run as tables.

    Parameters
    ----------
    summary
        The content of ``summary.json``.
    folder
        The run's folder, as a shell reads it.
    asked
        What is asked for recommendations, as a shell reads it: the same, or one of its nodes.
    user
        A user whose recommendations could be asked for, as a shell reads it.
    """
    echo(
        f"{summary['dataset']}, {summary['model']}, {summary['method']}, seed {summary['seed']}: "
        f"{summary['rounds']} rounds in {summary['seconds']:.1f} s"
    )
    echo("")
    names = [name for name in summary["metrics"] if name.endswith(_SHOWN)]
    rows = [[label, *(f"{summary[key][n]:.4f}" for n in names)] for key, label in _QUALITY.items()]
    head = f"{summary['ranked']} item, by"
    print_table([head, *(name.upper() for name in names)], rows, right=(1, 2, 3))
    echo("clients rank with their replicas, the server with its matrix and their own vectors")
    echo("")
    echo(_recommended(summary["recommended"]))
    echo("")
    _print_comparison(summary)
    for line in [*summary["schedule"]["text"], *summary["bill"]["text"]]:
        echo(line)
    echo("")
    whole = human(summary["uncompressed_bytes_per_client_round"])
    rows = [
        [name, human(summary[f"{name}_bytes_per_client_round"]), whole]
        for name in ("uplink", "downlink")
    ]
    rows.append(["fetched*", human(summary["fetched_bytes_per_participation"]), whole])
    print_table(["per client and round", "bytes", "uncompressed"], rows, right=(1, 2))
    echo("")
    echo(
        f"compression rate {summary['compression_rate']:.2%} (row vectors, as the paper counts), "
        f"{summary['wire_compression_rate']:.2%} (every byte)"
    )
    echo(
        f"* if clients download only when they take part, with all that they missed: "
        f"{summary['participation_compression_rate']:.2%}"
    )
    if summary["dropped_uploads"]:
        reasons = ", ".join(f"{name} {n:,}" for name, n in summary["dropped_uploads"].items())
        echo(f"uploads that were dropped: {reasons}")
    if "privacy" in summary:
        privacy = summary["privacy"]
        if privacy["rows_hidden"]:
            echo(f"privacy: epsilon {privacy['epsilon']:.3g} at delta {privacy['delta']:g}")
        else:
            echo(f"privacy: {privacy['no_epsilon']}")
    typer.echo(f"recommendations: fedras recommend {asked} --user {user}")
    typer.echo(f"a page on this run: fedras report {folder}")


def say_comparison(summary: dict[str, Any]) -> None:
    """Warn, beside the results, of a run that is worse than recommending what is popular."""
    from fedras.run.beside import warning  # noqa: PLC0415 -- slow to import

    if worse := warning(summary, summary.get("baselines") or {}):
        say(f"warning: {worse}")


def _print_comparison(summary: dict[str, Any]) -> None:
    """Print the run among what it is held against, the best first, and the sentence."""
    from fedras.run.beside import left_out, rows  # noqa: PLC0415 -- slow to import

    compared = rows(summary)
    if len(compared) > 1:
        cells = [
            [name, *(f"{each[key][metric]:.4f}" for key in _RANKINGS for metric in _COMPARED)]
            for name, each in compared
        ]
        heads = [f"{metric.upper()}{of}" for of in _RANKINGS.values() for metric in _COMPARED]
        print_table(["compared", *heads], cells, right=(1, 2, 3, 4))
        echo("")
    for line in [*filter(None, [summary.get("comparison")]), *left_out(summary)]:
        echo(line)
    if len(compared) > 1 or "baselines" in summary:
        echo("")


def _recommended(found: dict[str, float] | None) -> str:
    """Say what is recommended to all users together."""
    if found is None:
        return "coverage, popularity and Gini index are not known: nobody sees all users' lists"
    return (
        f"the first 10 items of everybody are {found['coverage@10']:.1%} of all, and each of them "
        f"is one of {found['popularity@10']:.1%} of the users; Gini index {found['gini@10']:.3f}"
    )
