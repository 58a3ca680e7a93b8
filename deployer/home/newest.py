"""When the newest archives at home and in S3 were made."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from deployer.backups.archives import Archive, by_name
from deployer.config.model import Config
from deployer.home.store import Store


def newest_at_home(config: Config) -> dict[str, datetime] | None:
    """When the newest archive of each name at home was made; None where they are on another machine."""
    store = Store(Path(config.home.directory)) if config.home else None
    if store is None or not store.directory.is_dir() or not store.is_home:
        return None
    return _newest(store.held())


def newest_in_s3(config: Config) -> dict[str, datetime] | None:
    """When the newest archive of each name in the bucket was made; None without one. Raises DeployError."""
    if config.home is None or config.home.s3 is None:
        return None
    from deployer.home.bucket import Bucket  # and with it boto3, where there is a bucket

    return _newest(Bucket(config.home.s3).archives())


def _newest(archives: Iterable[Archive]) -> dict[str, datetime]:
    return {name: of_name[0].time for name, of_name in by_name(archives).items()}
