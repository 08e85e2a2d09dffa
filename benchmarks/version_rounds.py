"""Rounds of whatever version of fedras the interpreter has, for `versions.py`, which times two.

The first line that it reads is the options, of which it takes those that it knows. Each line after
that is how many rounds to do; it answers with the seconds and the processor seconds that they took.
Asked for no rounds first it says which options it takes, and ends.
"""

import json
import sys
import time
from itertools import chain, islice
from typing import Any

from fedras import Config, train
from fedras.models import MODELS

MANY = 100_000  # more than it will have done


def known(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options that this version has; what was not there yet cannot be turned off."""
    fields = {*Config.model_fields, *MODELS.get(given.get("model", "mf")).model_fields}
    of_method = {"actions"}
    return {name: value for name, value in given.items() if name in fields | of_method}


def main() -> None:
    """Answer until the input ends."""
    given = known(json.loads(sys.stdin.readline()))
    wanted = map(int, sys.stdin)
    if not (first := next(wanted)):
        print(json.dumps(given), flush=True)
        return
    rounds = train(Config.model_validate(given | {"rounds": MANY, "eval_every": MANY}))
    for count in chain([first], wanted):
        start, used = time.perf_counter(), time.process_time()
        for _ in islice(rounds, count):
            pass
        taken = time.perf_counter() - start, time.process_time() - used
        print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    main()
