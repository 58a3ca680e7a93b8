"""Archives go to S3: to a real store, and to one that does what a store must not do."""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import botocore.session
import pytest

from chance import noise
from deployer.backups.archives import Archive
from deployer.config.home import S3, Home
from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import DeployError, UnreachableError, UsageError
from deployer.home import upload
from deployer.home.bucket import Bucket
from deployer.home.newest import newest_in_s3
from deployer.home.offsite import Sent, send
from deployer.home.places import places
from deployer.home.store import Store
from deployer.home.upload import PART
from deployer.values.keep import Keep
from home.faulty_store import FaultyStore
from home.line import Line
from home.object_store import ObjectStore
from home.sample import lay, now

NIGHT = timedelta(days=1)
LAST = Archive("a.example.org", now())


@pytest.fixture(scope="module", autouse=True)
def loaded_once() -> Iterator[None]:
    """What botocore knows of S3 is megabytes of JSON, which each session would read anew."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        loader = botocore.session.create_loader()
        monkeypatch.setattr(botocore.session, "create_loader", lambda path: loader)
        yield


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("s3") / "store")
    yield store
    store.stop()


@pytest.fixture
def objects(running: ObjectStore) -> ObjectStore:
    running.empty()
    return running


def section(objects: ObjectStore, **values: object) -> S3:
    given = {"bucket": "backups", "endpoint": objects.endpoint, "credentials": str(objects.credentials())}
    return S3.model_validate(given | values)


def nights(folder: Path, count: int) -> list[Archive]:
    """Archives at home, the newest first."""
    made = [replace(LAST, time=LAST.time - night * NIGHT) for night in range(count)]
    for archive in made:
        lay(folder, archive, archive.stamp.encode())
    return made


def sent(s3: S3, folder: Path) -> Sent:
    return send(s3, Store(folder), lambda text: None)


def test_what_is_new_goes_there_once(objects: ObjectStore, tmp_path: Path) -> None:
    made = nights(tmp_path, 3)
    s3 = section(objects, prefix="home/vps", storage_class="STANDARD")
    first = sent(s3, tmp_path)
    assert (len(first.new), first.troubles) == (3, [])
    assert sorted(objects.keys()) == sorted(f"home/vps/{archive.path}" for archive in made)
    assert objects.content(f"home/vps/{made[0].path}") == made[0].stamp.encode()
    again = sent(s3, tmp_path)
    assert (again.new, len(again.there), again.troubles) == ([], 3, [])


def test_a_watch_asks_for_the_newest_of_each_name(objects: ObjectStore, tmp_path: Path) -> None:
    made = nights(tmp_path, 3)
    other = replace(LAST, name="photos", time=LAST.time - 5 * NIGHT)
    lay(tmp_path, other, b"old")
    s3 = section(objects, prefix="home/vps")
    sent(s3, tmp_path)
    config = Config.model_construct(home=Home.model_construct(directory=str(tmp_path), s3=s3, retired=()))
    assert newest_in_s3(config) == {"a.example.org": made[0].time, "photos": other.time}
    assert newest_in_s3(Config.model_construct(home=None)) is None
    refused = s3.model_copy(update={"bucket": "not-there"})
    with pytest.raises(DeployError, match="not-there"):
        newest_in_s3(Config.model_construct(home=Home.model_construct(s3=refused)))


def test_a_large_archive_goes_in_parts_and_comes_back(objects: ObjectStore, tmp_path: Path) -> None:
    content = noise(2 * PART + 12345)
    lay(tmp_path, LAST, content)
    s3 = section(objects)
    assert sent(s3, tmp_path).troubles == []
    assert objects.client().head_object(Bucket="backups", Key=LAST.path)["ETag"].endswith('-3"')
    with Bucket(s3).reading(LAST) as (stream, digest):
        assert stream.read() == content
    assert digest == Store(tmp_path).digest(LAST)


def test_what_is_there_is_never_overwritten(objects: ObjectStore, tmp_path: Path) -> None:
    (archive,) = nights(tmp_path, 1)
    objects.client().put_object(Bucket="backups", Key=archive.path, Body=b"of somebody else")
    (trouble,) = sent(section(objects), tmp_path).troubles
    assert "has another size" in trouble
    with pytest.raises(DeployError, match="is ever overwritten"):
        Bucket(section(objects)).put(Store(tmp_path), archive)
    assert objects.content(archive.path) == b"of somebody else"


def test_nothing_is_deleted_unless_it_is_said(objects: ObjectStore, tmp_path: Path) -> None:
    made = nights(tmp_path, 5)
    sent(section(objects), tmp_path)
    for archive in made[2:]:
        Store(tmp_path).remove(archive)
    assert sent(section(objects), tmp_path).removed == []
    assert len(objects.keys()) == 5
    keep = Keep(daily=3, weekly=0, monthly=0)
    gone = sent(section(objects, keep=keep), tmp_path)
    assert [archive.time for archive in gone.removed] == [archive.time for archive in made[3:]]
    assert sorted(objects.keys()) == sorted(archive.path for archive in made[:3])


def test_with_keep_nothing_goes_there_to_be_deleted_at_once(objects: ObjectStore, tmp_path: Path) -> None:
    nights(tmp_path, 5)
    done = sent(section(objects, keep=Keep(daily=2, weekly=0, monthly=0)), tmp_path)
    assert (len(done.new), done.removed) == (3, [])


@pytest.mark.fault("an upload to S3 is killed")
def test_what_a_killed_upload_left_is_ended(objects: ObjectStore, tmp_path: Path) -> None:
    lay(tmp_path, LAST, noise(PART + 1))
    client = objects.client()
    for key in (LAST.path, "of-somebody-else"):
        begun = client.create_multipart_upload(Bucket="backups", Key=key)["UploadId"]
        client.upload_part(Bucket="backups", Key=key, UploadId=begun, PartNumber=1, Body=b"x")
    assert sent(section(objects), tmp_path).troubles == []
    left = client.list_multipart_uploads(Bucket="backups").get("Uploads", ())
    assert [each["Key"] for each in left] == ["of-somebody-else"]


def test_a_broken_upload_goes_on_and_holds_up_no_other(
    objects: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PART", 5 << 20)
    content = noise((18 << 20) + 7)
    lay(tmp_path, LAST, content)
    (small,) = [replace(LAST, time=LAST.time - NIGHT)]
    lay(tmp_path, small, b"small, and older")
    with Line(objects.endpoint, cut_at=b"partNumber=3") as line:
        s3 = section(objects, endpoint=line.endpoint)
        first = sent(s3, tmp_path)
        assert [archive.path for archive in first.new] == [small.path]
        assert [trouble.partition(":")[0] for trouble in first.troubles] == [LAST.file]
        assert objects.keys() == [small.path]
        line.cut_at, line.parts = b"", []
        again = sent(s3, tmp_path)
        assert (len(again.new), again.troubles) == (1, [])
        assert line.parts == [3, 4], "the first two are there"
    assert objects.content(LAST.path) == content
    assert not list((tmp_path / ".deploy/uploads").glob("*/*.json"))
    assert not objects.begun()


def test_what_was_begun_and_is_not_wanted_any_more_is_ended(
    objects: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "PART", 5 << 20)
    lay(tmp_path, LAST, noise(11 << 20))
    with Line(objects.endpoint, cut_at=b"partNumber=2") as line:
        assert len(sent(section(objects, endpoint=line.endpoint), tmp_path).troubles) == 1
    assert len(objects.begun()) == 1
    Store(tmp_path).remove(LAST)
    assert sent(section(objects), tmp_path).troubles == []
    assert not objects.begun()


@pytest.mark.parametrize("size", [1000, 11 << 20])
def test_what_was_damaged_at_home_does_not_go_there(
    objects: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(upload, "PART", 5 << 20)
    path = lay(tmp_path, LAST, noise(size))
    content = bytearray(path.read_bytes())
    content[size // 2] ^= 1
    path.write_bytes(content)
    (trouble,) = sent(section(objects), tmp_path).troubles
    assert "is not what it was when it came" in trouble
    assert objects.keys() == []
    assert not objects.begun()


def test_what_concerns_every_archive_is_not_tried_for_each(objects: ObjectStore, tmp_path: Path) -> None:
    nights(tmp_path, 8)
    reader = section(objects, credentials=str(objects.credentials("reader")))
    troubles = sent(reader, tmp_path).troubles
    assert len([trouble for trouble in troubles if "access denied" in trouble]) == 3
    assert troubles[-1] == "S3: archives that were not tried then: 5"


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("RequestTimeTooSkewed", "too large", "timedatectl set-ntp true"),
        (
            "AuthorizationHeaderMalformed",
            "the region 'us-east-1' is wrong; expecting 'eu-3'",
            "region: eu-3}",
        ),
        ("QuotaExceeded", "", "no room left in it"),
        ("XMinioStorageFull", "", "no room left in it"),
        ("InternalError", "{x}", "it answers InternalError: {x}"),
    ],
)
def test_each_refusal_has_its_own_advice(
    objects: ObjectStore, tmp_path: Path, code: str, message: str, said: str
) -> None:
    nights(tmp_path, 2)
    with FaultyStore("", {"PUT": (code, message)}) as faulty:
        troubles = sent(section(objects, endpoint=faulty.endpoint), tmp_path).troubles
    assert [said in trouble for trouble in troubles] == [True, True], troubles


def test_an_archive_in_cold_storage(objects: ObjectStore, tmp_path: Path) -> None:
    with FaultyStore("", {"GET": ("InvalidObjectState", "")}) as faulty:
        bucket = Bucket(section(objects, endpoint=faulty.endpoint))
        with pytest.raises(DeployError, match="cold storage") as caught, bucket.reading(LAST):
            pass
    assert "aws s3api restore-object --bucket backups" in caught.value.advice


# AWS, Ceph and MinIO say it in different ways
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDenied", "Access Denied because object protected by object lock."),
        ("AccessDenied", "Access Denied"),
        ("InvalidRequest", "Object is WORM protected and cannot be overwritten"),
        ("ObjectLocked", ""),
    ],
)
def test_what_is_locked_stays_and_the_others_go(
    objects: ObjectStore, tmp_path: Path, code: str, message: str
) -> None:
    made = nights(tmp_path, 5)
    with FaultyStore("", {"DELETE": (code, message)}) as faulty:
        s3 = section(objects, endpoint=faulty.endpoint)
        assert sent(s3, tmp_path).troubles == []
        faulty.listed = True
        done = sent(s3.model_copy(update={"keep": Keep(daily=3, weekly=0, monthly=0)}), tmp_path)
    assert [trouble.partition(":")[0] for trouble in done.troubles] == [made[3].file, made[4].file]
    assert all("it does not let this archive be deleted" in trouble for trouble in done.troubles)
    assert (len(done.there), done.removed) == (5, [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bucket": "not-there"}, "there is no bucket not-there"),
        ({"user": "reader"}, "access denied"),
        ({"user": "nobody"}, "does not know this access key"),
        ({"secret": "wrong"}, "the secret key is wrong"),
        ({"endpoint": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"endpoint": "http://nowhere.invalid"}, "cannot be reached"),
    ],
)
def test_what_a_store_refuses_is_told(
    objects: ObjectStore, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    nights(tmp_path, 1)
    keys = objects.credentials(change.get("user", "writer"), change.get("secret", "secret"))
    other = {key: value for key, value in change.items() if key in ("bucket", "endpoint")}
    (trouble,) = sent(section(objects, credentials=str(keys), **other), tmp_path).troubles
    assert said in trouble
    assert "secret" not in trouble.replace("secret key", "")
    assert objects.keys() == []


@pytest.mark.parametrize(
    ("fault", "said", "kind"),
    [
        ("silent", "cannot be reached", UnreachableError),
        ("garbage", "it answers 500", DeployError),
        ("refuses", "access denied", DeployError),
        ("error", "InternalError", DeployError),
    ],
)
def test_a_store_that_answers_wrongly(
    objects: ObjectStore, fault: str, said: str, kind: type[DeployError]
) -> None:
    with FaultyStore(fault) as faulty, pytest.raises(kind, match=said):
        Bucket(section(objects, endpoint=faulty.endpoint), silence=1).archives()


@pytest.mark.parametrize("fault", ["spoils", "loses"])
@pytest.mark.fault("S3 does not keep what it got")
def test_a_store_that_does_not_keep_what_it_got(objects: ObjectStore, tmp_path: Path, fault: str) -> None:
    nights(tmp_path, 1)
    with FaultyStore(fault) as faulty:
        done = sent(section(objects, endpoint=faulty.endpoint), tmp_path)
        assert faulty.complaints == []
    assert done.new == []
    assert len(done.troubles) == 1


def test_a_store_that_knows_neither_conditions_nor_sums(objects: ObjectStore, tmp_path: Path) -> None:
    nights(tmp_path, 2)
    with FaultyStore("unconditional") as faulty:
        done = sent(section(objects, endpoint=faulty.endpoint), tmp_path)
        assert (len(done.new), done.troubles, faulty.complaints) == (2, [], [])
        assert len(faulty.stored) == 2


def test_keys_that_others_can_read_are_not_used(objects: ObjectStore) -> None:
    keys = objects.credentials("open", "secret")
    keys.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        Bucket(section(objects, credentials=str(keys)))
    keys.write_text("[other]\n")
    keys.chmod(0o600)
    with pytest.raises(UsageError, match="has no keys"):
        Bucket(section(objects, credentials=str(keys)))
    with pytest.raises(UsageError, match="cannot be read"):
        Bucket(section(objects, credentials=f"{keys}.not"))


def test_keys_from_the_environment(
    objects: ObjectStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(UsageError, match="no credentials"):
        Bucket(section(objects, credentials=None)).archives()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "writer")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert Bucket(section(objects, credentials=None)).archives() == []


def test_what_vouches_for_an_archive_in_s3(objects: ObjectStore, tmp_path: Path) -> None:
    """Its digest is metadata: one by hand has none, and what is no digest is a refusal."""
    (tmp_path / "home").mkdir()
    given = {"bucket": "backups", "endpoint": objects.endpoint, "credentials": str(objects.credentials())}
    config = {
        "server": {"host": "vps.example.org"},
        "home": {"directory": str(tmp_path / "home"), "s3": given},
    }
    (tmp_path / "sites.yaml").write_text(json.dumps(config))
    (made,) = nights(tmp_path / "home", 1)
    assert [each.path for each in sent(section(objects), tmp_path / "home").new] == [made.path]
    (place,) = places(load(tmp_path / "sites.yaml"), None, "s3")
    with place.reading(made) as (chunks, digest):
        assert hashlib.sha256(b"".join(chunks)).hexdigest() == digest
    put = functools.partial(objects.client().put_object, Bucket="backups", Key=made.path, Body=b"x")
    put()
    with place.reading(made) as (_, digest):
        assert digest is None
    put(Metadata={"sha256": "0" * 63})
    with pytest.raises(DeployError, match="is empty, or of another file"), place.reading(made):
        pass
