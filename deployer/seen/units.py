"""The units of an entry, as systemd tells of them, in the shape of containers; pure."""

from collections.abc import Iterator

from deployer.seen.containers import Container

PROPERTIES = "Id,ActiveState,Type,ExecMainStatus,NRestarts,MemoryCurrent,ActiveEnterTimestamp"


def read_units(name: str, said: str) -> Iterator[Container]:
    """Understand what `systemctl show` says of them: a paragraph of these properties for each."""
    for paragraph in said.strip().split("\n\n"):
        yield _unit(name, dict(line.split("=", 1) for line in paragraph.split("\n") if "=" in line))


def _unit(name: str, said: dict[str, str]) -> Container:
    active, memory = said.get("ActiveState", ""), said.get("MemoryCurrent", "")
    done = active == "inactive" and said.get("Type") == "oneshot"
    return Container(
        composition=name,
        service=said.get("Id", ""),
        state={"active": "running", "reloading": "running", "inactive": "exited"}.get(active, active),
        health=None,
        exit_code=int(said.get("ExecMainStatus") or 0),
        restarts=int(said.get("NRestarts") or 0),
        image="",
        created="",
        started=said.get("ActiveEnterTimestamp", ""),
        memory=int(memory) if memory.isdigit() else None,
        ports=(),
        stopped=active == "inactive" and not done,
    )
