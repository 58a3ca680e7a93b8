import subprocess
import uuid
from pathlib import Path

from deployer.rehearsal import processes


def test_only_the_processes_of_the_machine_end(tmp_path: Path) -> None:
    machine, neighbour = f"vps-{uuid.uuid4().hex}", f"vps-{uuid.uuid4().hex}"
    with open(tmp_path / "log", "wb") as log:
        ours = processes.start(machine, "sleep", "60", log=log)
        parent = processes.start(machine, "sh", "-c", "sleep 60; true", log=log)
        theirs = processes.start(neighbour, "sleep", "60", log=log)
        unmarked = subprocess.Popen(["sleep", "60"])
    try:
        assert {ours.pid, parent.pid} <= set(processes.of(machine))
        processes.end(machine)
        assert processes.of(machine) == []
        assert (ours.wait(60), unmarked.poll(), theirs.poll()) == (-9, None, None)
        assert parent.wait(60) in {0, -9}
        assert processes.of(neighbour) == [theirs.pid]
        processes.end(machine)
    finally:
        for process in (ours, parent, theirs, unmarked):
            process.kill()
            process.wait()
