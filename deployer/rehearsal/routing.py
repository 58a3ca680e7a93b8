"""What this machine does for all throwaway machines together, from the first one to the last."""

from pathlib import Path

from deployer.rehearsal.commands import call
from deployer.rehearsal.places import RUN

FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
SWITCHED = RUN / "forwarding"
SYSTEMD = Path("/run/systemd/system")
# systemd-networkd would give our links addresses of its own choice, and may drop ours.
UNMANAGED = Path("/run/systemd/network/10-vps-deployer.network")


def begin() -> None:
    """Let packets pass, and keep systemd-networkd off our links; nothing happens the second time."""
    if FORWARD.read_text().strip() != "1":
        SWITCHED.touch()
        FORWARD.write_text("1\n")
    if SYSTEMD.is_dir() and not UNMANAGED.exists():
        UNMANAGED.parent.mkdir(exist_ok=True)
        UNMANAGED.write_text("[Match]\nName=ve-vps-*\n\n[Link]\nUnmanaged=yes\n")
        call("systemctl", "try-reload-or-restart", "systemd-networkd.service")


def end() -> None:
    """Undo `begin`: what was on before stays on."""
    if SWITCHED.exists():
        FORWARD.write_text("0\n")
        SWITCHED.unlink()
    if UNMANAGED.exists():
        UNMANAGED.unlink()
        call("systemctl", "try-reload-or-restart", "systemd-networkd.service")
