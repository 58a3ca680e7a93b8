"""Whether Docker has addresses for one more network; pure."""

from collections.abc import Iterator, Mapping

from deployer.files import File
from deployer.parts.docker import DAEMON
from deployer.seen.observation import Observation
from deployer.seen.stacks import Stack, Standing

USUAL = 30
"""Networks for which Docker's own address pools are enough, one of them for each composition."""
POOLS = '"default-address-pools": [{"base": "172.16.0.0/12", "size": 24}]'
"""The same private addresses in smaller pieces: four thousand networks."""


def too_many(wanted: Mapping[str, Standing], seen: Observation) -> Iterator[str]:
    """What to do before more compositions come up than Docker has address pools for."""
    stacks = seen.facts.stacks
    projects = {standing.project for standing in wanted.values()}
    to_come = [project for project in projects if not stacks.get(project, Stack(project)).running]
    networks = len(projects | stacks.keys())
    settings = seen.files.get(DAEMON)
    has_pools = isinstance(settings, File) and b"default-address-pools" in settings.content
    if to_come and networks > USUAL and not has_pools:
        yield (
            f"{networks} services want a network of Docker each, and its address pools end at about {USUAL}: "
            f"what comes after cannot start. First, on the server: write {{{POOLS}}} into {DAEMON}, beside "
            "what is there, and systemctl restart docker, which restarts all containers"
        )
