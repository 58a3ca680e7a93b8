"""Reads the newest archives at home, writes down what was found, and tells."""

from collections.abc import Iterable
from dataclasses import asdict

from deployer.backups.archives import Archive, by_name
from deployer.backups.copies import Verdict
from deployer.config.model import Config
from deployer.config.suggestions import suggest
from deployer.errors import DeployError, UsageError
from deployer.home.reading import read
from deployer.home.records import record
from deployer.home.rereading import look
from deployer.home.section import Say, failures_told, home_of, tell_end
from deployer.home.store import Store
from deployer.home.undecrypted import NoKey


def verify(config: Config, names: Iterable[str], say: Say) -> tuple[list[Verdict], list[str]]:
    """Read the newest archive of each name, or of the named; the verdicts, and who could not be told."""
    _, home, store = home_of(config)
    with failures_told(home, say):
        store.require()
        verdicts = [judge(store, archive, say) for archive in newest(store, names)]
    bad = [f"{verdict.archive.file}: {verdict.error}" for verdict in verdicts if verdict.error]
    return verdicts, tell_end(home, bad, f"{len(verdicts) - len(bad)} of {len(verdicts)} archives are good")


def newest(store: Store, names: Iterable[str]) -> list[Archive]:
    """The newest archive of each name; raises UsageError for a name that has none."""
    held = by_name(store.held())
    if not held:
        raise UsageError(f"there are no archives in {store.directory}", "Bring them: deploy backup --pull")
    for name in names:
        if name not in held:
            raise UsageError(f"there is no archive of '{name}' at home{suggest(name, held)}")
    return [held[name][0] for name in dict.fromkeys(names) or held]


def judge(store: Store, archive: Archive, say: Say) -> Verdict:
    """Read one archive, and write down what was found; raises NoKey where it cannot be read here at all."""
    say(f"▸ {archive.path}")
    try:
        contents = read(store.path(archive), archive, store.proof(archive) or "")
    except (NoKey, UsageError):
        raise
    except DeployError as error:
        record(store, archive, "verify", error.message)
        look(store, archive)
        return Verdict(archive, None, error.message)
    record(store, archive, "verify", **asdict(contents))
    return Verdict(archive, contents)
