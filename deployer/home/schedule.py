"""Calls at their times: for systemd, for launchd, or as lines of a crontab; pure."""

import plistlib
import shlex
from dataclasses import dataclass
from pathlib import Path

from deployer.errors import UsageError
from deployer.home.jobs import Job, Jobs

SERVICE = """\
[Unit]
Description=deploy: {what}
Wants=network-online.target
After=network-online.target
{mounted}
[Service]
Type=oneshot
{more}# NAME=value lines: credentials of S3, addresses to notify
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


def units(jobs: Jobs, call: Call) -> dict[str, str]:
    """The text of each systemd unit, by its name."""
    found = {}
    for name, job in jobs.wanted.items():
        command = " ".join(map(unit_word, (call.program, *job.words, "--config", str(call.config))))
        # without a user, a service of the system has no HOME, where ssh and gpg have their keys
        more = "User=root\n" if call.system else ""
        if job.ends:
            more += f"SuccessExitStatus={' '.join(map(str, job.ends))}\n"
        found[f"{name}.service"] = SERVICE.format(
            what=job.what,
            mounted=f"RequiresMountsFor={unit_path(job.directory)}\n" if job.directory else "",
            more=more,
            environment=unit_path(str(call.environment)),
            command=command,
        )
        found[f"{name}.timer"] = TIMER.format(what=job.what, calendar=job.calendar)
    return found


def agents(jobs: Jobs, call: Call, log: str) -> dict[str, str]:
    """The text of what launchd of a Mac reads, by the name of its file; complaints go to the log."""
    found = {}
    for name, job in jobs.wanted.items():
        when = {"StartInterval": job.seconds} if job.seconds else {"StartCalendarInterval": moment(job.cron)}
        agent = {
            "Label": name,
            "ProgramArguments": ["/bin/sh", "-c", shell_line(job, call)],
            **when,
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


def crontab(before: str, jobs: Jobs, call: Call) -> str:
    """The crontab with our lines, or without them where there are no jobs; the others stay as they are."""
    begin, end = marks(jobs)
    lines = without_ours(before, begin, end)
    if jobs.wanted:
        lines += [begin, *(cron_line(job, call) for job in jobs.wanted.values()), end]
    return "".join(f"{line}\n" for line in lines)


def marks(jobs: Jobs) -> tuple[str, str]:
    """The lines before and behind ours."""
    return f"# {jobs.mark}: begin", f"# {jobs.mark}: end"


def without_ours(text: str, begin: str, end: str) -> list[str]:
    """The lines of a crontab that are not ours."""
    kept, ours = [], False
    for line in text.splitlines():
        ours = ours or line == begin
        if not ours:
            kept.append(line)
        ours = ours and line != end
    return kept


def said(jobs: Jobs, call: Call) -> dict[str, str]:
    """The calls by when they are to be made, in words."""
    return {job.said: command_line(job, call) for job in jobs.wanted.values()}


def cron_line(job: Job, call: Call) -> str:
    """A line of a crontab; in it, % would be the end of the line."""
    return f"{job.cron} {shell_line(job, call)} >/dev/null".replace("%", "\\%")


def shell_line(job: Job, call: Call) -> str:
    """The call, with what stands in home.env."""
    environment = shlex.quote(str(call.environment))
    given = f"if [ -r {environment} ]; then set -a; . {environment}; set +a; fi"
    return f"{given}; {command_line(job, call)}"


def command_line(job: Job, call: Call) -> str:
    """The call itself, as a person may type it."""
    return shlex.join([call.program, *job.words, "--config", str(call.config)])


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
