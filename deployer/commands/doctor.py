"""deploy doctor: what is wrong with a server, or will be soon, and what mends it."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option

AIM = "safety"


@click.command(short_help="Say what is wrong with the server, or will be soon.")
@config_option
@json_option
def command(config: Path, as_json: bool) -> int:
    """Say what is wrong with the server, or will be soon, and what mends it, in one round trip.

    Sites, where the DNS here leads, certificates as they are served and on the disk, their renewal, services
    and failed units, the disk now and in some days, logs, unused images, memory, backups, mirrors, a restart
    that is waited for, the release, Docker, PHP, the clock. The exit code is 1 when something is wrong.

    \b
    Example:
      deploy doctor
      deploy doctor --json | jq '.checks[] | select(.fine | not).findings[].mend'
    """
    from deployer.tasks import opening, server_of

    with opening(config) as (loaded, begun):
        begun.begin("doctor.sh")
        from dataclasses import replace

        from deployer.doctor import diagnose
        from deployer.home.newest import newest_at_home
        from deployer.report import data
        from deployer.report.doctor import as_json as results_as_json
        from deployer.report.doctor import show_results
        from deployer.tasks.doctor import doctor

        names = [name for domain, site in loaded.sites.items() for name in site.names(domain)]
        with server_of(loaded, begun) as server:
            seen, here = doctor(server, names)
            with server.understanding():
                results = diagnose(seen, loaded, replace(here, at_home=newest_at_home(loaded)))
    if as_json:
        data(results_as_json(results, server.host))
    else:
        show_results(results, server.host)
    return 0 if all(result.fine for result in results) else 1
