"""What one user pays in a whole training, in bytes and in words."""

from typing import Any

from fedras.federation.wire import Traffic

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def bill(
    users: int,
    rounds: int,
    sent: Traffic,
    fetched: Traffic,
    heard: Traffic,
    whole: Traffic,
    shared: bool = False,
) -> dict[str, Any]:
    """Return the mean bill of a user who takes part in all that they are asked to.

    Parameters
    ----------
    users, rounds
        How many there are.
    sent, fetched
        All that cohorts sent, and all that they downloaded if only participants do.
    heard
        All that clients were sent where every client hears every round, as the paper counts.
    whole
        What a client pays in one direction and round without compression.
    shared
        Whether nodes send for all their users together.

    Returns
    -------
    ``participations`` of a user on average; bytes ``sent`` and ``received``, and each way
    ``uncompressed``, of a user who downloads only to take part, and under ``every_round`` of one
    who hears every round; ``text`` says it.
    """
    users = max(1, users)
    times = sent.clients / users
    up, down, every = (each.sent.total() / users for each in (sent, fetched, heard))
    one = whole.per_client
    who = "a user who takes part in all that they are asked to sends"
    if shared:
        who = "a user's share of what their node sends is"
    return {
        "participations": times,
        "sent": up,
        "received": down,
        "uncompressed": times * one,
        "every_round": {
            "sent": up,
            "received": every,
            "uncompressed_sent": times * one,
            "uncompressed_received": rounds * one,
        },
        "text": [
            f"{who} {words(up)} and {'of what it receives' if shared else 'receives'} "
            f"{words(down)} in the whole training; without compression {words(times * one)} "
            "each way",
            f"if every user hears every round, as the paper counts, each receives {words(every)}; "
            f"without compression {words(rounds * one)}",
        ],
    }


def words(size: float) -> str:
    """Return a number of bytes with two digits and a unit, such as ``33 kB``."""
    unit = 0
    while float(f"{size:.2g}") >= 1000 and unit + 1 < len(_UNITS):
        size, unit = size / 1000, unit + 1
    digits = f"{size:.0f}" if size >= 10 or not unit else f"{size:.1f}"
    return f"{digits} {_UNITS[unit]}"
