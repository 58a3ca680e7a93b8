"""What this machine does for all throwaway machines together, from the first one to the last."""

from pathlib import Path

from deployer.rehearsal.commands import call
from deployer.rehearsal.slots import RUN

# The least that each setting has to be: packets pass, and systemd and the services of many machines can watch
# their files. A machine takes about 12 instances, and the kernel gives 128 to all machines together.
SETTINGS = {
    Path("/proc/sys/net/ipv4/ip_forward"): 1,
    Path("/proc/sys/fs/inotify/max_user_instances"): 8192,
}
SYSTEMD = Path("/run/systemd/system")
# systemd-networkd would give our links addresses of its own choice, and may drop ours.
UNMANAGED = Path("/run/systemd/network/10-vps-deployer.network")


def begin() -> None:
    """Raise the settings, and keep systemd-networkd off our links; nothing happens the second time."""
    for setting, least in SETTINGS.items():
        found = setting.read_text()
        if int(found) < least:
            _found(setting).write_text(found)
            setting.write_text(f"{least}\n")
    if SYSTEMD.is_dir() and not UNMANAGED.exists():
        UNMANAGED.parent.mkdir(exist_ok=True)
        UNMANAGED.write_text("[Match]\nName=ve-vps-*\n\n[Link]\nUnmanaged=yes\n")
        call("systemctl", "try-reload-or-restart", "systemd-networkd.service")


def end() -> None:
    """Undo `begin`: every setting is what it was found to be."""
    for setting in SETTINGS:
        if _found(setting).exists():
            setting.write_text(_found(setting).read_text())
            _found(setting).unlink()
    if UNMANAGED.exists():
        UNMANAGED.unlink()
        call("systemctl", "try-reload-or-restart", "systemd-networkd.service")


def _found(setting: Path) -> Path:
    return RUN / f"found-{setting.name}"
