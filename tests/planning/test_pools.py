"""Docker's address pools against what is wanted, and what is said when they end."""

import subprocess
from pathlib import Path

import deployer
from deployer.files import File
from deployer.planning.moving import moving
from deployer.planning.pools import DAEMON, POOLS
from deployer.seen.facts import Facts
from deployer.seen.observation import Observation
from deployer.seen.stacks import Stack, Standing

INSTALLED = Path(deployer.__file__).parent / "server/installed"
REFUSED = "could not find an available, non-overlapping IPv4 address pool among the defaults"


def told(count: int, running: int = 0, settings: str | None = None) -> list[str]:
    """What a plan of so many services says of address pools."""
    names = [f"wiki{number}" for number in range(count)]
    wanted = {name: Standing(f"/opt/{name}", name) for name in names}
    stacks = {name: Stack(name, f"/opt/{name}", True) for name in names[:running]}
    files = {} if settings is None else {DAEMON: File(settings.encode())}
    seen = Observation(Facts("debian", "13", stacks=stacks), files, {})
    return [remark for remark in moving(wanted, seen).remarks if "address pools" in remark]


def test_more_services_than_docker_has_networks_for_are_told_what_to_do() -> None:
    assert not told(30)
    (note,) = told(31)
    assert note.startswith("31 services want a network of Docker each, and its address pools end at about 30")
    assert f"write {{{POOLS}}} into {DAEMON}" in note
    assert "systemctl restart docker" in note
    assert told(31, running=30) == [note]


def test_nothing_is_told_where_pools_are_set_or_all_run() -> None:
    assert not told(60, settings=f"{{{POOLS}}}")
    assert not told(60, running=60)
    assert told(60, settings='{"iptables": false}')


def test_what_docker_says_without_addresses_is_put_into_words(tmp_path: Path) -> None:
    (tmp_path / "up").write_text(f" Network a_default  Creating\nError response from daemon: {REFUSED}\n")
    begin = f"set -eu; INSTALLED={INSTALLED}; source $INSTALLED/lib/composition/health"
    tell = f'{begin}; WORK={tmp_path} ended=1; explain_failure; echo "$WHY"'
    said = subprocess.run(["bash", "-c", tell], capture_output=True, text=True, check=True).stdout
    assert said.startswith("Docker has no addresses left for another network")
    assert DAEMON in said
