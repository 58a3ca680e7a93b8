"""deploy audit: the living server against its promises."""

from pathlib import Path

import click

from deployer.commands._options import config_option, json_option

AIM = "safety"


@click.command(short_help="Look for what an attacker would look for on the server.")
@config_option
@json_option
def command(config: Path, as_json: bool) -> int:
    """Look for what an attacker would look for on the server, in one round trip, and change nothing.

    Ports that strangers reach (Docker's past the firewall too), password logins, rules of sudo, secrets that
    everybody can read, updates and restarts that wait, certificates, the key of the backups and their age,
    containers that are as good as root, keys that nobody declared. Each finding says why it matters and what
    mends it. The exit code is 1 when one is serious.

    \b
    Example:
      deploy audit
      deploy audit --json | jq '.findings[] | select(.serious).what'
    """
    from deployer.audit import findings
    from deployer.config.loader import load
    from deployer.report import data
    from deployer.report.audit import as_json as findings_as_json
    from deployer.report.audit import show_findings
    from deployer.server.identities import public_keys
    from deployer.tasks import server_of
    from deployer.tasks.audit import audit

    loaded = load(config)
    with server_of(loaded) as server:
        seen = audit(server)
    key = Path(loaded.server.key).expanduser() if loaded.server and loaded.server.key else None
    found = findings(seen, loaded, public_keys(key))
    if as_json:
        data(findings_as_json(found, server.host))
    else:
        show_findings(found, server.host)
    return 1 if any(each.serious for each in found) else 0
