"""What no single value can know: checks between sites and services."""

from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from deployer.config.backup_checks import check_backups
from deployer.config.certificate_checks import check_certificates, place_of
from deployer.config.key_checks import check_keys
from deployer.config.model import Config
from deployer.config.path_checks import check_paths
from deployer.config.port_checks import check_ports
from deployer.config.shield_checks import check_shields
from deployer.config.suggestions import suggest
from deployer.config.wording import Finding, Path
from deployer.kinds.base import Site


def check(config: Config, unread: Collection[str] = ()) -> list[Finding]:
    """Everything that is wrong between the sites; of sections that could not be read nothing is known."""
    with_records = [*check_certificates(config), *check_shields(config)] if "dns" not in unread else []
    between = [
        *same_names(config),
        *check_ports(config),
        *same_projects(config),
        *same_folders(config),
        *same_logins(config),
        *runners_without_token(config),
        *redirect_loops(config),
        *check_paths(config),
        *same_archives(config),
        *hidden_from_pages(config),
        *(watched_names(config) if "sites" not in unread else ()),
    ]
    return [*between, *with_records, *check_backups(config), *check_keys(config), *locked_out(config)]


def locked_out(config: Config) -> Iterator[Finding]:
    """Who applies must still be able to log in."""
    ssh = config.security.ssh
    if ssh and ssh.root == "no" and config.server and config.server.user == "root":
        message = "root would be locked out, and is who logs in: name another user with sudo as server.user"
        yield Finding(("security", "ssh", "root"), message)


def same_archives(config: Config) -> Iterator[Finding]:
    """Archives are told apart by their name: a folder has another than a service."""
    for name in config.backups.folders if config.backups else ():
        if name in config.services:
            yield Finding(
                ("backups", "folders", name), f"'{name}' is already the name of a service", at_key=True
            )


def names(config: Config) -> Iterator[tuple[str, str, Path]]:
    """Every domain with its site and its place: the sites' own names before the aliases."""
    for domain in config.sites:
        yield domain, domain, ("sites", domain)
    for domain, site in config.sites.items():
        for position, alias in enumerate(site.aliases):
            yield alias, domain, ("sites", domain, *place_of(site, alias, position))


def same_names(config: Config) -> Iterator[Finding]:
    """A domain may belong to one site, and be written once."""
    owners: dict[str, tuple[str, int]] = {}
    for name, owner, path in names(config):
        if name not in owners:
            owners[name] = (owner, len(path))
        elif owners[name][0] != owner:
            held = "the name" if owners[name][1] == 2 else "an alias"
            yield Finding(path, f"'{name}' is already {held} of site '{owners[name][0]}'")
        else:
            twice = "listed twice" if owners[name][1] > 2 else "the site's own name, which needs no alias"
            yield Finding(path, f"'{name}' is {twice}")


def same_projects(config: Config) -> Iterator[Finding]:
    """Docker Compose takes containers of the same project for one thing."""
    owners: dict[str, str] = {}
    for name, entry in config.compositions.items():
        project = entry.project(name)
        if project in owners:
            message = f"Docker Compose would call it '{project}', as it calls '{owners[project]}'"
            key = "`name:` into its file" if entry.kind == "compose" else "`project:`"
            yield Finding((config.section_of(name), name), f"{message}: write another {key}")
        owners.setdefault(project, name)


def same_folders(config: Config) -> Iterator[Finding]:
    """No composition stands in the folder of another, or below it."""
    folders = {name: f"{entry.folder(name)}/" for name, entry in config.compositions.items()}
    for name, entry in config.compositions.items():
        for other, folder in folders.items():
            if entry.directory and other != name and f"{entry.directory}/".startswith(folder):
                yield Finding(
                    (config.section_of(name), name, "directory"), f"{folder[:-1]} is the folder of '{other}'"
                )


def same_logins(config: Config) -> Iterator[Finding]:
    """A user of the system that others come in as is that of one site."""
    owners: dict[str, str] = {}
    for name, site in config.sites.items():
        for user in sorted(site.logins):
            if user in owners:
                message = f"one server has one of its kind: '{owners[user]}' already has the user '{user}'"
                yield Finding(("sites", name, "kind"), message)
            owners.setdefault(user, name)


def runners_without_token(config: Config) -> Iterator[Finding]:
    """A runner takes the token of a Gitea on this server; Forgejo takes none from a file."""
    for name, runner in config.of_kind("gitea-runner").items():
        if not runner.token:
            site = config.sites.get(runner.site)
            if site is None or site.kind != "gitea":
                message = f"no site of kind gitea here is {runner.site}: hand its token over as env:NAME"
                yield Finding(("services", name, "instance"), message)


def hidden_from_pages(config: Config) -> Iterator[Finding]:
    """What a status page leaves out is there; otherwise a slip of the pen would tell of it."""
    for domain, page in config.of_kind("status").items():
        others = [each for each in config.everything if each != domain]
        for position, name in enumerate(page.hidden):
            if not config.entry(name):
                message = f"no site or service '{name}' here{suggest(name, others)}"
                yield Finding(("sites", domain, "hidden", position), message)


def watched_names(config: Config) -> Iterator[Finding]:
    """What is said of a page is of a site here; the file of a home server need not have the sites."""
    if not config.sites or not (config.watch or config.monitoring):
        return
    owners = {name: owner for name, owner, _ in reversed(list(names(config)))}
    for section, part in (("watch", config.watch), ("monitoring", config.monitoring)):
        places: list[tuple[str, str, str | int]] = (
            [("words", name, name) for name in part.words] if part else []
        )
        places += [("ignore", name, position) for position, name in enumerate(part.ignore)] if part else []
        for key, name, step in places:
            owner = owners.get(name)
            if owner is None:
                message = f"no site '{name}' here{suggest(name, owners)}"
            elif section == "monitoring" and owner != name:
                message = f"'{name}' is an alias: monitors are of sites, such as '{owner}'"
            else:
                continue
            yield Finding((section, key, step), message, at_key=key == "words")


def redirect_loops(config: Config) -> Iterator[Finding]:
    """Following redirects from site to site must end."""
    owners = {name: owner for name, owner, _ in reversed(list(names(config)))}
    for start in config.sites:
        trail = [start]
        while (following := owners.get(target(config.sites[trail[-1]]))) and following not in trail:
            trail.append(following)
        if following == start:
            route = " → ".join([*trail, start])
            yield Finding(("sites", start, "to"), f"visitors would be redirected in a circle: {route}")


def target(site: Site) -> str:
    """The domain that a redirect leads to on the usual ports, or nothing."""
    url = urlsplit(getattr(site, "to", ""))
    return url.hostname or "" if url.port in (None, 80, 443) else ""
