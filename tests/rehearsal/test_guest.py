from pathlib import PurePosixPath

from deployer.rehearsal.guest import Identity, guest_files, guest_links
from deployer.rehearsal.network import Network

IDENTITY = Identity("0" * 32, "ssh-ed25519 AAAA", "PRIVATE\n", "ssh-ed25519 BBBB rehearsal")


def test_a_machine_gets_its_own_keys_and_address() -> None:
    files = guest_files(Network.of("vps-7"), IDENTITY, "nameserver 192.0.2.1\n", "[global]\n")
    assert files["/etc/ssh/ssh_host_ed25519_key"] == ("PRIVATE\n", 0o600)
    assert files["/root/.ssh/authorized_keys"] == ("ssh-ed25519 BBBB rehearsal\n", 0o600)
    assert files["/etc/hostname"][0] == "vps-7\n"
    assert files["/etc/resolv.conf"][0] == "nameserver 192.0.2.1\n"
    network = files["/etc/systemd/network/10-host0.network"][0]
    assert "Address=10.213.7.2/30" in network
    assert "Gateway=10.213.7.1" in network


def test_files_and_links_are_different_absolute_paths() -> None:
    files = guest_files(Network.of("vps-7"), IDENTITY, "", "")
    paths = [*files, *guest_links()]
    assert len(set(paths)) == len(paths)
    assert all(PurePosixPath(path).is_absolute() for path in paths)
