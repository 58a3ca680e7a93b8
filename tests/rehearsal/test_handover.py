"""What a VPS that stays hands over: a way in without a question."""

import subprocess
from pathlib import Path

from deployer.rehearsal.handover import ssh_config


def asked(folder: Path, host: str) -> dict[str, str]:
    """What OpenSSH makes of the file for this host."""
    file = folder / "ssh_config"
    file.write_text(ssh_config("vps-1", "10.213.1.2", folder))
    said = subprocess.run(["ssh", "-G", "-F", file, host], capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


def test_ssh_finds_key_and_host_key_by_name_and_by_address(tmp_path: Path) -> None:
    folder = tmp_path / "my sites" / "100%"
    folder.mkdir(parents=True)
    for host in ("vps-1", "10.213.1.2"):
        found = asked(folder, host)
        assert (found["hostname"], found["user"]) == ("10.213.1.2", "root")
        assert found["identityfile"].replace("%%", "%") == f"{folder}/key"
        assert found["userknownhostsfile"].replace("%%", "%") == f"{folder}/known_hosts"
        assert (found["stricthostkeychecking"], found["identitiesonly"]) == ("true", "yes")
