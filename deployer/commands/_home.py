"""What `deploy backup` does on the home server: one function for each of its options."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployer.config.model import Config


def pull(config: "Config", names: tuple[str, ...], as_json: bool) -> int:
    """Bring home what is new; the exit code."""
    from deployer.errors import UsageError
    from deployer.home.nightly import bring_home
    from deployer.report import data, say
    from deployer.report.home import night_json, show_night

    if names:
        raise UsageError("--pull brings everything home", "Leave out the names")
    night = bring_home(config, say)
    if as_json:
        data(night_json(night))
    else:
        show_night(night)
    return night.exit_code


def verify(config: "Config", names: tuple[str, ...], as_json: bool) -> int:
    """Read the newest archives; the exit code."""
    from deployer.home.nightly import verify as read_all
    from deployer.report import data, say
    from deployer.report.home import show_verdicts, verdicts_json

    verdicts, warnings = read_all(config, names, say)
    if as_json:
        data(verdicts_json(verdicts, warnings))
    else:
        show_verdicts(verdicts, warnings)
    return int(any(verdict.error for verdict in verdicts))
