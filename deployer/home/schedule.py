"""The pull and the verification at their times: for systemd, for launchd, or as lines of a crontab; pure."""

import plistlib
import shlex
from dataclasses import dataclass
from pathlib import Path

from deployer.config.home import Home
from deployer.errors import UsageError

PULL = "deploy-backup-pull"
VERIFY = "deploy-backup-verify"
BEGIN, END = "# deploy backup: begin", "# deploy backup: end"
DAYS = {"daily": "*-*-*", "weekly": "Sun *-*-*", "monthly": "*-*-01"}
CRON_DAYS = {"daily": "* * *", "weekly": "* * 0", "monthly": "1 * *"}
LATER = 3  # hours after the pull

SERVICE = """\
[Unit]
Description=deploy: {what}
Wants=network-online.target
After=network-online.target
RequiresMountsFor={directory}

[Service]
Type=oneshot
{user}# NAME=value lines: credentials of S3, addresses to notify
EnvironmentFile=-{environment}
ExecStart={command}
Nice=10
IOSchedulingClass=idle
"""
TIMER = """\
[Unit]
Description=deploy: {what}

[Timer]
OnCalendar={calendar}
Persistent=true

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Call:
    """How a timer calls us: the program, the configuration, and whether as root of the whole system."""

    program: str
    config: Path
    system: bool

    @property
    def environment(self) -> Path:
        """The file with what is no business of sites.yaml."""
        return self.config.parent / "home.env"


def units(home: Home, call: Call) -> dict[str, str]:
    """The text of each systemd unit, by its name."""
    found = {}
    for name, (option, what, calendar, _) in times(home).items():
        words = {"what": what, "directory": unit_path(home.directory), "calendar": calendar}
        command = " ".join(map(unit_word, (call.program, "backup", option, "--config", str(call.config))))
        # without a user, a service of the system has no HOME, where ssh and gpg have their keys
        user = "User=root\n" if call.system else ""
        found[f"{name}.service"] = SERVICE.format(
            **words, user=user, environment=unit_path(str(call.environment)), command=command
        )
        found[f"{name}.timer"] = TIMER.format(**words)
    return found


def agents(home: Home, call: Call, log: str) -> dict[str, str]:
    """The text of what launchd of a Mac reads, by the name of its file; complaints go to the log."""
    found = {}
    for name, (option, _, _, when) in times(home).items():
        agent = {
            "Label": name,
            "ProgramArguments": ["/bin/sh", "-c", shell_line(option, call)],
            "StartCalendarInterval": moment(when),
            "StandardOutPath": "/dev/null",
            "StandardErrorPath": log,
            "LowPriorityIO": True,
            "Nice": 10,
        }
        found[f"{name}.plist"] = plistlib.dumps(agent, sort_keys=False).decode()
    return found


def moment(when: str) -> dict[str, int]:
    """The times of a line for cron as launchd has them."""
    fields = zip(("Minute", "Hour", "Day", "Month", "Weekday"), when.split(), strict=True)
    return {field: int(value) for field, value in fields if value != "*"}


def crontab(before: str, home: Home | None, call: Call) -> str:
    """The crontab with our lines, or without them where there is no home; the others stay as they are."""
    lines = without_ours(before)
    if home:
        lines += [BEGIN, *(cron_line(option, when, call) for option, _, _, when in times(home).values()), END]
    return "".join(f"{line}\n" for line in lines)


def without_ours(text: str) -> list[str]:
    """The lines of a crontab that are not ours."""
    kept, ours = [], False
    for line in text.splitlines():
        ours = ours or line == BEGIN
        if not ours:
            kept.append(line)
        ours = ours and line != END
    return kept


def times(home: Home) -> dict[str, tuple[str, str, str, str]]:
    """For each timer: our option, what it does, when for systemd, when for cron."""
    hour, minute = map(int, home.at.split(":"))
    found = {PULL: ("--pull", "bring the backups home", f"*-*-* {home.at}:00", f"{minute} {hour} * * *")}
    if home.verify != "never":
        later = (hour + LATER) % 24
        found[VERIFY] = (
            "--verify",
            "read the newest backups",
            f"{DAYS[home.verify]} {later:02}:{minute:02}:00",
            f"{minute} {later} {CRON_DAYS[home.verify]}",
        )
    return found


def said(home: Home, call: Call) -> dict[str, str]:
    """The calls by when they are to be made, in words."""
    hour, minute = map(int, home.at.split(":"))
    found = {f"daily at {home.at}": command_line("--pull", call)}
    if home.verify != "never":
        later = f"{(hour + LATER) % 24:02}:{minute:02}"
        found[f"{home.verify} at {later}"] = command_line("--verify", call)
    return found


def cron_line(option: str, when: str, call: Call) -> str:
    """A line of a crontab; in it, % would be the end of the line."""
    return f"{when} {shell_line(option, call)} >/dev/null".replace("%", "\\%")


def shell_line(option: str, call: Call) -> str:
    """The call, with what stands in home.env."""
    environment = shlex.quote(str(call.environment))
    given = f"if [ -r {environment} ]; then set -a; . {environment}; set +a; fi"
    return f"{given}; {command_line(option, call)}"


def command_line(option: str, call: Call) -> str:
    """The call itself, as a person may type it."""
    return shlex.join([call.program, "backup", option, "--config", str(call.config)])


def unit_word(text: str) -> str:
    """One word of a command line in a unit."""
    if any(letter in text for letter in "\n\r"):
        raise UsageError("a path with a line end cannot stand in a timer")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(letter in text for letter in " '\"\\;") else escaped


def unit_path(text: str) -> str:
    """A path as the value of a setting in a unit."""
    if any(letter in text for letter in "\n\r"):
        raise UsageError("a path with a line end cannot stand in a timer")
    return text.replace("\\", "\\\\").replace("%", "%%").replace(" ", "\\x20")
