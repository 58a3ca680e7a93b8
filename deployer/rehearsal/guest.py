"""The files that make a base image this one machine (pure)."""

from dataclasses import dataclass

from deployer.rehearsal.network import Network

# What cannot work in a container, and would make systemd call the machine degraded; or has nothing to do.
MASKED = (
    "dev-hugepages.mount",
    "modprobe@.service",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "systemd-modules-load.service",
    "systemd-networkd-wait-online.service",
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "e2scrub_reap.service",
)
# What systemd would ask at each start and daemon-reload, and no container has: each is a process.
UNASKED = (
    "cryptsetup",
    "gpt-auto",
    "hibernate-resume",
    "integritysetup",
    "rc-local",
    "run",
    "ssh",
    "system-update",
    "tpm2",
    "veritysetup",
)
LOGIN_NEWS = "etc/update-motd.d"
"""What each login would run, five processes of them, also where it is only to run one command."""
# Where this machine has cgroup v1, systemd-nspawn mounts the controllers read-only, and Docker cannot start.
WRITABLE_CGROUPS = """\
[Unit]
DefaultDependencies=no
Before=sysinit.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'while read -r _ path kind _; do \
if [ "$kind" = cgroup ]; then mount -o remount,bind,rw "$path"; fi; done < /proc/mounts'
"""
NETWORK = """\
[Match]
Name=host0

[Link]
RequiredForOnline=no

[Network]
Address={address}/30
Gateway={gateway}
LinkLocalAddressing=ipv6
LLDP=no
IgnoreCarrierLoss=yes
"""

# Root's own systemd stays when root logs out: to begin and to end it takes longer than most commands.
STAYING = """\
[Service]
ExecStartPost=+touch /var/lib/systemd/linger/root
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one machine from another: keys in OpenSSH's formats, machine_id as 32 hex digits."""

    machine_id: str
    host_key: str
    host_key_private: str
    authorized_key: str


def guest_files(network: Network, identity: Identity, resolver: str, pip: str) -> dict[str, tuple[str, int]]:
    """The content and mode of each file, by its path inside the machine."""
    private, public = 0o600, 0o644
    return {
        # Newer than /usr: without them, systemd takes this for the first start after an update.
        "/etc/.updated": ("", public),
        "/var/.updated": ("", public),
        "/etc/hostname": (f"{network.machine}\n", public),
        "/etc/hosts": (f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 {network.machine}\n", public),
        "/etc/machine-id": (f"{identity.machine_id}\n", 0o444),
        "/etc/resolv.conf": (resolver, public),
        "/etc/locale.conf": ("LANG=C.UTF-8\n", public),
        "/etc/pip.conf": (pip, public),
        "/etc/ssh/ssh_host_ed25519_key": (identity.host_key_private, private),
        "/etc/ssh/ssh_host_ed25519_key.pub": (f"{identity.host_key}\n", public),
        "/root/.ssh/authorized_keys": (f"{identity.authorized_key}\n", private),
        "/etc/systemd/network/10-host0.network": (
            NETWORK.format(address=network.address, gateway=network.host),
            public,
        ),
        "/etc/systemd/system/user@0.service.d/staying.conf": (STAYING, public),
        "/etc/systemd/system/writable-cgroups.service": (WRITABLE_CGROUPS, public),
    }


def guest_links() -> dict[str, str]:
    """The target of each symbolic link, by its path inside the machine."""
    units, networkd = "/etc/systemd/system", "systemd-networkd.service"
    masked = [f"{units}/{unit}" for unit in MASKED]
    masked += [f"/etc/systemd/system-generators/systemd-{each}-generator" for each in UNASKED]
    return dict.fromkeys(masked, "/dev/null") | {
        "/etc/default/locale": "../locale.conf",
        f"{units}/sysinit.target.wants/writable-cgroups.service": "../writable-cgroups.service",
        f"{units}/multi-user.target.wants/{networkd}": f"/usr/lib/systemd/system/{networkd}",
    }
