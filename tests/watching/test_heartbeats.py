"""What monitors elsewhere are told of services, backups and updates."""

from datetime import UTC, datetime, timedelta

import pytest

from deployer.audit.evidence import read_evidence
from deployer.watching.heartbeats import heartbeats

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
Newest = dict[str, datetime] | None
WELL = ["service runner", "service worker", "backed_up photos", "updates"]


def told(*lines: str, home: Newest = None, s3: Newest = None) -> dict[str, str]:
    """What each is told, without what is well."""
    text = "\n".join([*WELL, *lines, f"now {int(NOW.timestamp())}", ""])
    found = heartbeats(read_evidence(text), home, s3)
    assert {*found} == {"services/runner", "services/worker", "backups/photos", "updates/updates"}
    return {key: why for key, why in found.items() if why}


def test_what_is_well_and_what_is_not() -> None:
    fresh = f"backup photos {int(NOW.timestamp()) - 3600}"
    assert told(fresh) == {}
    assert told(fresh, "unwell runner exited with 1", "failed_unit deploy-update.service") == {
        "services/runner": "exited with 1",
        "updates/updates": "the last updates by night have failed",
    }
    assert told() == {"backups/photos": "photos has no backup"}
    unseen = told(fresh, "unwell * nobody knows", "stopped worker by me", "unwell runner exited with 1")
    assert unseen == {"services/runner": "exited with 1"}
    assert told(fresh, "unwell * nobody knows") == dict.fromkeys(
        ("services/runner", "services/worker"), "nobody knows"
    )
    assert told(f"backup photos {int(NOW.timestamp()) - 30 * 3600}") == {
        "backups/photos": "the newest backup of photos is 30 hours old"
    }


def test_what_is_at_home_counts_where_that_is_this_machine() -> None:
    fresh = f"backup photos {int(NOW.timestamp()) - 3600}"
    assert told(fresh, home={"photos": NOW - timedelta(hours=30)}) == {}
    assert told(fresh, home={}) == {"backups/photos": "photos has no backup at home"}
    late = told(fresh, home={"photos": NOW - timedelta(hours=60)})
    assert late == {"backups/photos": "the newest backup of photos at home is 60 hours old"}


@pytest.mark.parametrize("excuse", ["busy runner me@laptop", "busy * ", "stopped runner me"])
def test_what_somebody_is_at_work_on_or_has_stopped_is_not_told_as_unwell(excuse: str) -> None:
    assert "services/runner" not in told("unwell runner exited with 1", excuse)


def test_a_backup_that_is_being_made_is_not_late() -> None:
    assert told("busy +backups") == {}


def test_what_is_in_s3_counts_where_that_is_known() -> None:
    fresh = f"backup photos {int(NOW.timestamp()) - 3600}"
    assert told(fresh, s3={"photos": NOW - timedelta(hours=30)}) == {}
    assert told(fresh, s3={}) == {"backups/photos": "photos has no backup in S3"}
    late = told(fresh, s3={"photos": NOW - timedelta(hours=60)})
    assert late == {"backups/photos": "the newest backup of photos in S3 is 60 hours old"}
