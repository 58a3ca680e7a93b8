"""Stop, start and restart the containers or units of one service: a script of the server's each."""

from pathlib import Path


def call(script: str, name: str, file: Path) -> int:
    """Run the script for the service, and return the exit code; raises DeployError."""
    from deployer.commands._interrupted import going_on
    from deployer.commands.services import running
    from deployer.config.loader import load
    from deployer.report.progress import progress
    from deployer.tasks import caller, server_of
    from deployer.tasks.push import call_script

    config = load(file)
    running(config, [name])
    look = f"What runs: deploy services {name}"
    with progress() as shown, server_of(config) as server, going_on(server, name, look):
        return 0 if call_script(server, script, shown.line, name, "--by", caller()) else 1
