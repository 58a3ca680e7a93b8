"""The pools of PHP-FPM, as the server tells of them, in the shape of containers; pure."""

from collections.abc import Iterator

from deployer.seen.containers import Container


def read_pools(said: str) -> Iterator[Container]:
    """Understand what `pool state` says: NAME, VERSION, STATE, PROCESSES, MOST and BYTES, a line for each."""
    for line in filter(None, said.split("\n")):
        name, version, state, processes, most, memory = line.split("\t")
        yield Container(
            composition=name,
            service=f"PHP {version}, {processes} of {most} processes",
            state="exited" if state == "stopped" else state,
            health=None,
            exit_code=0,
            restarts=0,
            image="",
            created="",
            started="",
            memory=int(memory) or None,
            ports=(),
            stopped=state == "stopped",
        )
