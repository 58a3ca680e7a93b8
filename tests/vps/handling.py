"""What an apply runs when files change, without an apply."""

from deployer.parts import functions, handlers_of
from deployer.rehearsal.machine import Machine


def go_live(vps: Machine, path: str) -> None:
    """Run what makes a change of this file count."""
    for handler in handlers_of([path]):
        vps.run(f"{functions().decode()}\n{handler.live}")
