"""How long a person waits for the tool itself: its help, and a check of a sites.yaml without a server."""

import sys
import tempfile
from pathlib import Path

from bench.measure import DEPLOY, Command, progress, seconds, shown
from bench.page import arguments, publish, table

RUNS = 20
SITE = """\
  site-{number:03}.example.org:
    kind: {kind}
    aliases: [www.site-{number:03}.example.org]
    {setting}
"""
SETTINGS = {
    "hugo": "repository: https://git.example.org/site-{number:03}.git\n    hugo: 0.161.1",
    "static": "repository: git@git.example.org:site-{number:03}.git",
    "proxy": "port: {port}",
    "redirect": "to: https://elsewhere.example.org/{number}",
}


def main() -> None:
    options = arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "sites.yaml")
        config.write_text(configuration(100))
        commands = {
            "`python -c pass`, for comparison": [sys.executable, "-c", "pass"],
            "`deploy --help`": [DEPLOY, "--help"],
            "`deploy check`, 100 sites of four kinds": [DEPLOY, "check", "--config", str(config)],
        }
        rows = [[name, shown(measured(name, Command(argv)))] for name, argv in commands.items()]
    kept = {"`deploy check` of 100 sites": rows[-1][1].partition(" (")[0]}
    publish("start", [table([f"median of {RUNS} (fastest–slowest)", "time"], rows)], options.write, kept)


def configuration(count: int) -> str:
    """A sites.yaml with that many sites, each kind in its turn."""
    text = "server: {host: vps.example.org}\nemail: me@example.org\nsites:\n"
    for number in range(count):
        kind, setting = list(SETTINGS.items())[number % len(SETTINGS)]
        setting = setting.format(number=number, port=3000 + number)
        text += SITE.format(number=number, kind=kind, setting=setting)
    return text


def measured(name: str, command: Command) -> list[float]:
    """The seconds of each run, after one that fills the caches."""
    progress(name)
    seconds(command)
    return [seconds(command) for _ in range(RUNS)]


if __name__ == "__main__":
    main()
