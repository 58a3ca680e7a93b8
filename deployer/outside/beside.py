"""Ask several at the same time, whom nobody waits for when the command ends."""

from collections.abc import Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from deployer.errors import DeployError

AT_ONCE = 8


def side_by_side(calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """What each call (a function, its arguments) returns, in their order; of one that fails, the reason."""
    waiting: SimpleQueue[int] = SimpleQueue()
    found: list[Any] = [None] * len(calls)
    for position in range(len(calls)):
        waiting.put(position)

    def work() -> None:
        while True:
            try:
                position = waiting.get_nowait()
            except Empty:
                return
            found[position] = _outcome(calls[position])

    threads = [Thread(target=work, daemon=True) for _ in calls[:AT_ONCE]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _outcome(call: tuple[Any, ...]) -> Any:
    function, *arguments = call
    try:
        return function(*arguments)
    except DeployError as error:
        return error.line
    except Exception as error:  # it would be lost with the thread
        return f"this is a fault of deploy itself: {type(error).__name__}"
