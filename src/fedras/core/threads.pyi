"""How many threads the core's parallel loops use, for each calling thread by itself."""

def threads() -> int:
    """Return the number of threads that parallel loops called from this thread use."""

def set_threads(count: int | None) -> None:
    """Let parallel loops called from this thread use ``count`` threads; None means all."""
