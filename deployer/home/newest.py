"""When the newest archives at home were made."""

from datetime import datetime
from pathlib import Path

from deployer.backups.archives import by_name
from deployer.config.model import Config
from deployer.home.store import Store


def newest_at_home(config: Config) -> dict[str, datetime] | None:
    """When the newest archive of each name at home was made; None where they are on another machine."""
    store = Store(Path(config.home.directory)) if config.home else None
    if store is None or not store.directory.is_dir() or not store.is_home:
        return None
    return {name: archives[0].time for name, archives in by_name(store.held()).items()}
