"""The program behind web servers that are measured: an NGINX of its own with some files, on one processor."""

from collections.abc import Mapping, Sequence

from deployer.rehearsal.machine import Machine

CONFIGURATION = """\
worker_processes 1;
pid /run/program.pid;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    open_file_cache max=10;
    server {{ {listen} root /srv/program; }}
}}
"""


def run(machine: Machine, ports: Sequence[int], files: Mapping[str, str], processor: int) -> None:
    """Have it answer with these files at these ports, until the machine is stopped."""
    folder = machine.root / "srv/program"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    listen = " ".join(f"listen 127.0.0.1:{port} backlog=4096;" for port in ports)
    (machine.root / "root/program.conf").write_text(CONFIGURATION.format(listen=listen))
    # Under a name of its own, so that its work does not count as the server's
    machine.run(
        "cp /usr/sbin/nginx /usr/local/bin/program && "
        f"systemd-run --unit program --property CPUAffinity={processor} "
        "program -c /root/program.conf -g 'daemon off;'"
    )
