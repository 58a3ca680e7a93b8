"""Whether there is room: on the disk now and in some days, for logs and images, in memory; pure."""

from collections.abc import Iterator

from deployer.audit.evidence import Evidence
from deployer.audit.finding import Finding
from deployer.config.model import Config
from deployer.doctor.pace import days_left
from deployer.doctor.result import FromHere, Result
from deployer.values.quantities import amount, gigabytes

MOST_DAYS = 1000
FEW_DAYS, VERY_FEW = 30, 7
GIBIBYTE = 1 << 20  # in KiB
WHAT_FILLS = "du -xh --max-depth=3 / | sort -h | tail -20   # says what is large; docker system df, too"
VACUUM = {
    "/var/log/journal": "journalctl --vacuum-size=500M   # SystemMaxUse=500M in /etc/systemd/journald.conf",
    "/var/log/nginx": "logrotate --force /etc/logrotate.d/nginx   # is logrotate.timer on?",
}
LIMIT = 'logging: {options: {max-size: 10m, max-file: "3"}}   # in the compose file of that container'


def disk(seen: Evidence, config: Config, here: FromHere) -> Result:
    """What is free of each file system, and in how many days the first will be full."""
    found, words = [], []
    for line in seen.lines.get("room", []):
        free, size, inodes, place = line.split(" ", 3)
        left, all_of_it = int(free), int(size)
        told = f"{gigabytes(left)} of {gigabytes(all_of_it)} GB free"
        if place == "/":
            days = days_left(seen.lines.get("noted", []), seen.now, left, all_of_it)
            words = [told, _pace(days)]
            found += _soon(days) if left > all_of_it / 10 else []
        share = left / all_of_it
        if share < 0.1:
            found.append(
                Finding(
                    f"{place} is nearly full: {told}",
                    "on a full disk databases stop, and nothing is pushed, applied or backed up",
                    WHAT_FILLS,
                    serious=share < 0.05,
                )
            )
        if int(inodes) > 95:
            found.append(
                Finding(
                    f"{place} can have few files more: {inodes}% of its inodes are used",
                    "then no file can be made, however much room there is",
                    "du -x --inodes --max-depth=3 / | sort -n | tail -20   # says where they are",
                )
            )
    return Result("disk", ", ".join(words), tuple(found))


def _pace(days: float | None) -> str:
    if days is None:
        return "how fast it fills is known after three days"
    return f"full in {amount(int(days), 'day')} at this pace" if days < MOST_DAYS else "it does not fill"


def _soon(days: float | None) -> list[Finding]:
    if days is None or days >= FEW_DAYS:
        return []
    what = f"at the pace of the last weeks the disk is full in {amount(int(days), 'day')}"
    return [Finding(what, "then databases stop, and no backup is made", WHAT_FILLS, serious=days < VERY_FEW)]


def logs(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Logs that are a large part of the disk, or have more than is left of it."""
    lines = [line.partition(" ") for line in seen.lines.get("log", [])]
    sizes = {place: int(size) for size, _, place in lines if size.isdigit()}
    free, size, *_ = map(int, (seen.one("room") or "0 0").split()[:2])
    large = {place: used for place, used in sizes.items() if used > max(GIBIBYTE, size / 10)}
    if len(large) > 1:
        large.pop("/var/log", None)  # one of those in it is the reason
    found = [
        Finding(
            f"{place} has {gigabytes(used)} GB",
            "logs that nobody cuts fill the disk in the end",
            LIMIT
            if "/docker/" in place
            else VACUUM.get(place, f"du -h {place}/* | sort -h | tail   # says which"),
            serious=used > free,
        )
        for place, used in large.items()
    ]
    return Result("logs", f"{gigabytes(sizes['/var/log'])} GB" if "/var/log" in sizes else "", tuple(found))


def images(seen: Evidence, config: Config, here: FromHere) -> Result:
    """Images of Docker that no container has."""
    if not (line := seen.one("images")):
        return Result("images")
    count, size = map(int, line.split())
    told = f"{amount(count, 'image')} that no container has, up to {size / 1e9:.1f} GB"
    if size <= 2e9:
        return Result("images", told if count else "each is used")
    why = "they are kept for nothing; those that a rollback goes back to are not among them"
    mend = "docker image prune --all --filter until=168h"
    return Result("images", told, (Finding(told, why, mend, serious=False),))


def memory(seen: Evidence, config: Config, here: FromHere) -> Result:
    """What is left of memory and swap, and what the kernel had to kill."""
    if not (line := seen.one("memory")):
        return Result("memory")
    total, available, swap, free_swap = map(int, line.split())
    found = []
    told = f"{available / GIBIBYTE:.1f} of {total / GIBIBYTE:.1f} GiB free"
    if available < total / 20:
        found.append(
            Finding(
                f"memory is nearly used up: {told}",
                "what wants more next is killed by the kernel, or kills others",
                "docker stats --no-stream; ps aux --sort=-rss | head   # say who has it",
            )
        )
    killed = _killed(seen, swap)
    found += [*killed, *_killed_by_limits(seen, config)]
    if not killed and swap and free_swap < swap / 10:
        what = f"swap is nearly used up: {free_swap / GIBIBYTE:.1f} of {swap / GIBIBYTE:.1f} GiB free"
        found.append(
            Finding(what, "there is nothing left for what comes next", _more_swap(swap), serious=False)
        )
    swapped = f", {free_swap / GIBIBYTE:.1f} of {swap / GIBIBYTE:.1f} GiB of swap" if swap else ", no swap"
    return Result("memory", told + swapped, tuple(found))


def _killed(seen: Evidence, swap: int) -> list[Finding]:
    """What the kernel had to kill since the server had too little; limits of their own are counted out."""
    killed = int((seen.one("killed") or "0").split()[0]) - int(seen.one("killed_by_limit") or 0)
    if killed <= 0:
        return []
    return [
        Finding(
            f"for want of memory the kernel has killed {amount(killed, 'program')} {_since_start(seen)}",
            "a database that is killed so loses its last words, and its visitors",
            f"journalctl -k --grep 'Out of memory'   # says which; {_more_swap(swap)}",
            serious=False,
        )
    ]


def _killed_by_limits(seen: Evidence, config: Config) -> Iterator[Finding]:
    """The containers in which something wanted more than their limit."""
    for line in seen.lines.get("killed_in", []):
        count, limit, service, name = line.split(" ", 3)
        who = f"the container {name}" if service == "-" else f"{service} of {name}"
        megabytes = int(limit) >> 20
        yield Finding(
            f"in {who} the kernel has killed {amount(int(count), 'program')} {_since_start(seen)}, "
            f"for more memory than its limit of {megabytes} MB",
            "what it was doing is lost, however much memory the server has",
            _more_memory(config, name, service, 2 * megabytes),
            serious=False,
        )


def _more_memory(config: Config, name: str, service: str, megabytes: int) -> str:
    """Where the limit of a container stands; that of a service which has its file from us is ours."""
    kind = getattr(config.everything.get(name), "kind", "")
    if kind == "app" and service != "db":
        return f"memory: {megabytes}M   # in sites.yaml, for {name}"
    if kind == "compose":
        return f"mem_limit: {megabytes}m   # in the compose file of {name}, for {service}"
    return f"{'docker' if service == '-' else 'deploy'} logs {name}   # says what it did"


def _since_start(seen: Evidence) -> str:
    uptime = int(seen.one("killed").split()[1])
    return f"since the start {amount(uptime // 86400, 'day')} ago"


def _more_swap(swap: int) -> str:
    return f"security.swap: {max(2, swap * 2 // GIBIBYTE)}G   # in sites.yaml"
