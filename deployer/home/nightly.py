"""What the home server does at night, as a whole: pull, pass on, verify, and tell how it went."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployer.archives import Archive, by_name
from deployer.config.home import Home
from deployer.config.model import Config, Server
from deployer.config.quantities import amount
from deployer.config.suggestions import suggest
from deployer.copies import Night, Verdict, rows
from deployer.desired.backups import backed_up
from deployer.errors import DeployError, UsageError
from deployer.home.decryption import NoKey
from deployer.home.notify import tell
from deployer.home.offsite import send
from deployer.home.pull import pull
from deployer.home.reading import read
from deployer.home.records import last_failed, last_good, record
from deployer.home.rereading import all_read_since, damaged, forget_mended, look, reread
from deployer.home.store import Busy, Store
from deployer.protection import Protection, Read, judgement, protections

Say = Callable[[str], None]
VERIFIED_WITHIN = {"daily": 3, "weekly": 9, "monthly": 33}
"""Days: as often as `home.verify` says, and two nights more."""


def home_of(config: Config) -> tuple[Server, Home, Store]:
    """The server, the section `home` and its folder; raises UsageError where sites.yaml lacks one."""
    if config.home is None:
        raise UsageError("there is no home in sites.yaml", "Add it: home: {directory: /mnt/nas/backups}")
    if config.server is None:
        raise UsageError("there is no server in sites.yaml", "Add it: server: {host: vps.example.org}")
    return config.server, config.home, Store(Path(config.home.directory))


@contextmanager
def failures_told(home: Home, say: Say) -> Iterator[None]:
    """Tell what ends it early; another one at work is no failure."""
    try:
        yield
    except Busy:
        raise
    except Exception as error:
        message = error.message if isinstance(error, DeployError) else f"it ended with {type(error).__name__}"
        for warning in tell(home.notify, "failure", message):
            say(f"! {warning}")
        raise


def bring_home(config: Config, say: Say) -> Night:
    """Pull, pass on to S3, and tell whoever wants to know; raises DeployError where nothing could begin."""
    server, home, store = home_of(config)
    with failures_told(home, say):
        store.require()
        with store.locked():
            store.settle()  # one from before there were marks
            warnings = tell(home.notify, "start", "")
            pulled = pull(server, home, store, say)
            forget_mended(store)
            sent = send(home.s3, store, say) if home.s3 else None
            again = reread(store, home.reread, pulled.new, say, datetime.now(UTC))
            there = sent.there if sent else None
            now = rows(store.held(), pulled.new, pulled.removed, there)
            everywhere = [*pulled.offered, *store.held(), *(there or ())]
    troubles = [*pulled.troubles, *(sent.troubles if sent else [])]
    if pulled.failure is None:
        troubles += judgement(protections_of(home, store, everywhere, backed_up(config)))
    code = pulled.failure.exit_code if pulled.failure else int(bool(troubles))
    done = f"{amount(len(pulled.new), 'new archive')} at home, {len(again)} read again"
    warnings = list(dict.fromkeys([*warnings, *tell_end(home, troubles, done)]))
    return Night(now, len(pulled.new), troubles, code, len(again), warnings)


def protections_of(
    home: Home, store: Store, archives: Iterable[Archive], names: Iterable[str] = ()
) -> list[Protection]:
    """How every name is protected, as it is reported, and as a pull judges it."""
    now = datetime.now(UTC)
    read = Read(
        last_good(store), due(home, store, now), last_failed(store), all_read_since(store), damaged(store)
    )
    return protections(archives, read, now, home.retired, names)


def due(home: Home, store: Store, now: datetime) -> datetime | None:
    """Since when an archive must have been read; a home that is younger has the time still."""
    days, since = VERIFIED_WITHIN.get(home.verify), store.since()
    wanted = now - timedelta(days=days) if days else None
    return wanted if wanted and (since is None or since <= wanted) else None


def tell_end(home: Home, troubles: list[str], done: str) -> list[str]:
    """Tell how it ended."""
    return tell(home.notify, "failure" if troubles else "success", "\n".join([*troubles, done]))


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
