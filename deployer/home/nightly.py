"""What the home server does at night, as a whole: pull, pass on, read again, and tell how it went."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from deployer.backups.archives import Archive
from deployer.backups.copies import Night, rows
from deployer.backups.protection import Protection, Read, judgement, protections
from deployer.config.home import Home
from deployer.config.model import Config
from deployer.home.offsite import send
from deployer.home.pull import pull
from deployer.home.records import last_failed, last_good
from deployer.home.rereading import all_read_since, damaged, forget_mended, reread
from deployer.home.section import Say, failures_told, home_of, tell, tell_end
from deployer.home.store import Store
from deployer.parts.backups import backed_up
from deployer.values.quantities import amount

VERIFIED_WITHIN = {"daily": 3, "weekly": 9, "monthly": 33}
"""Days: as often as `home.verify` says, and two nights more."""


def bring_home(config: Config, say: Say) -> Night:
    """Pull, pass on to S3, and tell whoever wants to know; raises DeployError where nothing could begin."""
    server, home, store = home_of(config)
    with failures_told(home, say):
        store.require()
        with store.locked():
            store.settle()  # one from before there were marks
            warnings = tell(home, "start", "")
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
