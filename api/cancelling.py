"""Whether this task was told to stop."""

import asyncio


def is_cancelled() -> bool:
    """Tell whether the running task was cancelled, also when somebody below it took that for themselves.

    `asyncio.wait_for` does in Python 3.11 when what it waits for is done in the same turn, and redis-py and
    psycopg_pool call it: a loop that only counts on CancelledError may go on for ever
    (https://github.com/python/cpython/issues/86296).
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
