"""A Gitea that was set up by hand, as the usual tutorials do: what is known of it from its app.ini; pure."""

from typing import TYPE_CHECKING

from deployer.shares.question import Question

if TYPE_CHECKING:
    from deployer.kinds.gitea import Gitea
    from deployer.seen.facts import Facts

USUAL = "/etc/{program}/app.ini"
PROGRAMS = ("gitea", "forgejo")
KEYS = ("APP_DATA_PATH", "DB_TYPE", "HTTP_PORT", "NAME", "PATH", "ROOT", "WORK_PATH")
"""Those of its keys that say where it is; no secret is asked for."""
QUESTIONS = tuple(
    question
    for program in PROGRAMS
    for question in (
        Question("unit", f"{program}.service"),
        *(Question("setting", f"{key} {USUAL.format(program=program)}") for key in KEYS),
    )
)
ENGINES = {"mysql": "mariadb", "postgres": "postgres", "sqlite3": "sqlite"}


def remark(site: "Gitea", name: str, facts: "Facts") -> str:
    """What is there, and what becomes of it, or what to write to go on with it; empty if nothing is."""
    unit = f"{site.program}.service"
    path = site.takes_over or USUAL.format(program=site.program)
    found = {(each.section, each.key): each.value for each in facts.settings if each.file == path}
    if facts.units.get(unit, "").split(" ")[0] != "active" or not found:
        return ""
    engine = ENGINES.get(found.get(("database", "DB_TYPE"), ""), "")
    where = found.get(("database", "PATH" if engine == "sqlite" else "NAME"), "")
    there = f"{unit} runs with {path}, its database is {engine or 'unknown'} ({where})"
    wanted = _written(found, site, name)
    if site.takes_over and not wanted:
        return (
            f"{there}: it is taken over with its data where it is. Its secrets move to "
            f"{site.folder(name)}/secrets, and none is made anew; {unit} stops, for good"
        )
    return f"{there}. To go on with it, write {', '.join(wanted)}"


def _written(found: dict[tuple[str, str], str], site: "Gitea", name: str) -> list[str]:
    """What sites.yaml has to say besides, as far as this is known from here."""
    work = found.get(("", "WORK_PATH"), f"/var/lib/{site.program}")
    data = found.get(("server", "APP_DATA_PATH"), f"{work}/data")
    shall = {
        "takes_over": (site.takes_over, site.takes_over or USUAL.format(program=site.program)),
        "data": (site.data_folder(name), data),
        "repositories": (site.repositories, found.get(("repository", "ROOT"), f"{data}/gitea-repositories")),
        "database": (site.database, ENGINES.get(found.get(("database", "DB_TYPE"), ""), site.database)),
        "port": (str(site.port), found.get(("server", "HTTP_PORT"), "3000")),
    }
    return [f"`{key}: {there}`" for key, (now, there) in shall.items() if now != there]
