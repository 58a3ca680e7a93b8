"""The same work for three tools: a folder and an NGINX file for each of N static sites, on one server.

Each function writes what its tool reads into a folder, and returns the command that converges the server.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.measure import CHECKOUT, DEPLOY, WORK, Command, progress, timed
from deployer.config.loader import load
from deployer.planning.desired import Desired
from deployer.planning.stages import in_the_end
from deployer.rehearsal.machine import Machine
from deployer.seen.facts import Facts

PEERS = CHECKOUT / "bench/peers"
VENV = WORK / "venv"


def install_peers() -> None:
    """A virtual environment with the tools to compare with; quick the second time."""
    wanted = (CHECKOUT / "bench/requirements.txt").read_text()
    done = VENV / "installed"
    if done.is_file() and done.read_text() == wanted:
        return
    progress("installing Ansible, Caddy, pyinfra and Pillow into .bench/venv")
    timed(Command(["python3", "-m", "venv", "--clear", str(VENV)]))
    timed(Command([f"{VENV}/bin/pip", "install", "--quiet", "-r", str(CHECKOUT / "bench/requirements.txt")]))
    done.write_text(wanted)


def versions() -> str:
    """The versions of the peers that were measured."""
    _, listed = timed(Command([f"{VENV}/bin/pip", "list", "--format", "json", "--disable-pip-version-check"]))
    found = {package["name"]: package["version"] for package in json.loads(listed[: listed.rindex("]") + 1])}
    return f"ansible-core {found['ansible-core']}, pyinfra {found['pyinfra']}"


def ours(machine: Machine, folder: Path, domains: Sequence[str]) -> Command:
    """`deploy apply` of a sites.yaml with one entry a site."""
    (folder / "sites.yaml").write_text(
        f"server: {{host: {machine.address}, host_key: {machine.host_key}, key: {machine.key}}}\n"
        "security: false\nsites:\n"
        + "".join(
            f"  {domain}: {{kind: static, https: false, repository: https://git.example.org/{domain}.git}}\n"
            for domain in domains
        )
    )
    return Command([DEPLOY, "apply", "--yes"], folder)


def bare_login(machine: Machine) -> Command:
    """`ssh HOST true`: what no tool that goes by SSH can fall below."""
    argv = ["ssh", "-F", "none", "-i", str(machine.key), "-o", f"UserKnownHostsFile={machine.known_hosts}"]
    return Command([*argv, f"root@{machine.address}", "true"])


def ansible(machine: Machine, folder: Path, domains: Sequence[str]) -> Command:
    """`ansible-playbook` with pipelining and a connection that stays open, gathering no facts."""
    _share(machine, folder, domains, "playbook.yml", "ansible.cfg")
    (folder / "inventory.ini").write_text(
        f"[vps]\n{machine.address} ansible_user=root ansible_ssh_private_key_file={machine.key}\n"
    )
    (folder / "group_vars").mkdir()
    (folder / "group_vars/vps.json").write_text(json.dumps({"domains": domains}))
    return Command([f"{VENV}/bin/ansible-playbook", "playbook.yml"], folder)


def pyinfra(machine: Machine, folder: Path, domains: Sequence[str]) -> Command:
    """`pyinfra` with one operation for each folder and each file."""
    _share(machine, folder, domains, "deploy.py")
    login = {
        "ssh_user": "root",
        "ssh_key": str(machine.key),
        "ssh_known_hosts_file": str(folder / "known_hosts"),
        "ssh_strict_host_key_checking": "yes",
        "domains": list(domains),
    }
    (folder / "inventory.py").write_text(f"vps = [({machine.address!r}, {login!r})]\n")
    return Command([f"{VENV}/bin/pyinfra", "--yes", "inventory.py", "deploy.py"], folder)


def desired(folder: Path) -> Desired:
    """What `deploy apply` of the folder's sites.yaml wants on a Debian 13."""
    return in_the_end(load(folder / "sites.yaml"), Facts("debian", "13"))


def _share(machine: Machine, folder: Path, domains: Sequence[str], *files: str) -> None:
    """The peers write the same file for each site as we do; what it includes is there before they start."""
    ours(machine, folder, domains)
    wanted = desired(folder)
    for path, file in wanted.files.items():
        if path not in wanted.site_of and path.startswith("/etc/nginx/"):
            (machine.root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            (machine.root / path[1:]).write_bytes(file.content)
    (machine.root / "etc/nginx/sites-enabled/default").unlink()
    example = wanted.files[f"/etc/nginx/conf.d/{domains[0]}.conf"].content.decode()
    (folder / "site.conf.j2").write_text(example.replace(domains[0], "{{ domain }}"))
    shutil.copy(machine.known_hosts, folder / "known_hosts")
    for name in files:
        shutil.copy(PEERS / name, folder)
