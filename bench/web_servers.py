"""The web servers that are compared on one VPS: our NGINX files, the usual ones, and Caddy, one at a time."""

import shutil
from collections.abc import Sequence

from bench.contenders import VENV, install_peers
from bench.measure import CHECKOUT
from deployer.rehearsal.machine import Machine

SERVERS = ("deploy", "usual NGINX", "Caddy")
USUAL = CHECKOUT / "bench/usual"
CADDY = """\
[Service]
Type=notify
Environment=HOME=/root
ExecStart=/usr/local/bin/caddy run --config /etc/caddy/Caddyfile
LimitNOFILE=1048576
"""
ON_A_PROCESSOR = "[Service]\nCPUAffinity={}\n"


def prepare(machine: Machine, nginx: str, caddy: str, certificate: str, processor: int | None = None) -> None:
    """Put the files of the others beside ours, which are live, with the certificate of that folder for all.

    With `processor`, each server has that one and no other.
    """
    install_peers()
    shutil.copy(VENV / "bin/caddy", machine.root / "usr/local/bin")
    machine.run("cp -r /etc/nginx/conf.d /root/deploy && mkdir -p /root/usual /etc/caddy")
    machine.run(f"cp -rL {certificate} /etc/caddy/tls")
    for name, where in ((nginx, "root/usual/site.conf"), (caddy, "etc/caddy/Caddyfile")):
        shutil.copy(USUAL / name, machine.root / where)
    units = machine.root / "etc/systemd/system"
    (units / "caddy.service").write_text(CADDY)
    for name in ("nginx", "caddy") if processor is not None else ():
        (units / f"{name}.service.d").mkdir(exist_ok=True)
        (units / f"{name}.service.d/processor.conf").write_text(ON_A_PROCESSOR.format(processor))
    machine.run("systemctl daemon-reload")


def start(machine: Machine, server: str) -> None:
    """Stop what serves now, and start this server."""
    machine.run("systemctl stop caddy nginx")
    if server == "Caddy":
        machine.run("systemctl start caddy")
    else:
        files = "/root/deploy" if server == "deploy" else "/root/usual"
        machine.run(f"rm -r /etc/nginx/conf.d && cp -r {files} /etc/nginx/conf.d && systemctl start nginx")


def said_versions(machine: Machine, more: Sequence[str] = ()) -> str:
    """The versions of the servers, and what else there is to say of all."""
    nginx = machine.run("nginx -v 2>&1 | cut -d/ -f2").stdout.strip()
    caddy = machine.run("caddy version | cut -d' ' -f1").stdout.strip()
    return ", ".join([f"nginx {nginx}", f"Caddy {caddy}", *more]) + "."
