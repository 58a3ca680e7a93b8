"""What timers of this machine call, and when: the pull and the verification of backups, the watch; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from deployer.config.home import Home
from deployer.config.watch import Watch
from deployer.values.quantities import amount

PULL = "deploy-backup-pull"
VERIFY = "deploy-backup-verify"
WATCH = "deploy-watch"
DAYS = {"daily": "*-*-*", "weekly": "Sun *-*-*", "monthly": "*-*-01"}
CRON_DAYS = {"daily": "* * *", "weekly": "* * 0", "monthly": "1 * *"}
LATER = 3  # hours after the pull


@dataclass(frozen=True, slots=True)
class Job:
    """One call of this program: its words, what it does, and when, for systemd, for cron and in words.

    `seconds` is how often, where that is not a time of day. `directory` must be mounted, `ends` are exit
    codes that are no failure of the call itself.
    """

    words: tuple[str, ...]
    what: str
    calendar: str
    cron: str
    said: str
    seconds: int = 0
    directory: str = ""
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Jobs:
    """Those of one section of sites.yaml: every name that there may be, and the jobs that are wanted.

    `mark` is what our lines of a crontab stand between.
    """

    mark: str
    names: tuple[str, ...]
    wanted: Mapping[str, Job] = field(default_factory=dict)


def of_backups(home: Home | None) -> Jobs:
    """The pull, and the verification some hours later; none without the section."""
    found = {}
    if home:
        hour, minute = map(int, home.at.split(":"))
        found[PULL] = Job(
            ("backup", "--pull"),
            "bring the backups home",
            f"*-*-* {home.at}:00",
            f"{minute} {hour} * * *",
            f"daily at {home.at}",
            directory=home.directory,
        )
        later = (hour + LATER) % 24
        if home.verify != "never":
            found[VERIFY] = Job(
                ("backup", "--verify"),
                "read the newest backups",
                f"{DAYS[home.verify]} {later:02}:{minute:02}:00",
                f"{minute} {later} {CRON_DAYS[home.verify]}",
                f"{home.verify} at {later:02}:{minute:02}",
                directory=home.directory,
            )
    return Jobs("deploy backup", (PULL, VERIFY), found)


def of_watch(watch: Watch | None) -> Jobs:
    """The watch, every so many minutes; none without the section."""
    found = {}
    if watch:
        minutes = watch.every // 60
        found[WATCH] = Job(
            ("watch",),
            "look whether the server and its sites are well",
            "*:00" if minutes == 60 else f"*:0/{minutes}",
            "0 * * * *" if minutes == 60 else f"*/{minutes} * * * *",
            f"every {amount(minutes, 'minute')}",
            seconds=watch.every,
            ends=(1,),
        )
    return Jobs("deploy watch", (WATCH,), found)
