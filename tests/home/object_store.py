"""A real S3 store on this machine: SeaweedFS."""

import json
import shutil
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

WEED = str(Path(sys.executable).with_name("weed"))
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM")
IDENTITIES = {
    "writer": ["Admin", "Read", "Write", "List"],
    "reader": ["Read", "List"],
}


class ObjectStore:
    """A store with an empty bucket `backups`; user `writer` may do everything, `reader` may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        users = [
            {"name": name, "credentials": [{"accessKey": name, "secretKey": "secret"}], "actions": actions}
            for name, actions in IDENTITIES.items()
        ]
        (folder / "s3.json").write_text(json.dumps({"identities": users}))
        master, volume, filer, s3 = free_ports(4)
        self.endpoint = f"http://127.0.0.1:{s3}"
        argv = [*ENDS_WITH_US, WEED, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        argv += [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={s3}"]
        argv += ["-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false"]
        argv += [f"-s3.config={folder}/s3.json", "-master.telemetry=false", "-master.volumeSizeLimitMB=64"]
        argv += ["-volume.max=400"]  # what is deleted takes its room for minutes: a hundred rounds fit in
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
        self.wait()
        self.client().create_bucket(Bucket="backups")

    def wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.client().list_buckets()
                return
            except Exception:
                time.sleep(0.2)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    @cache  # noqa: B019 (there is one store)
    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        keys = {"aws_access_key_id": "writer", "aws_secret_access_key": "secret"}
        settings = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1})
        session = boto3.Session(region_name="us-east-1", **keys)
        return session.client("s3", endpoint_url=self.endpoint, config=settings)

    def credentials(self, user: str = "writer", secret: str = "secret") -> Path:
        """A file with the keys of a user."""
        path = self.folder / f"{user}-{secret}"
        path.write_text(f"[default]\naws_access_key_id = {user}\naws_secret_access_key = {secret}\n")
        path.chmod(0o600)
        return path

    def keys(self) -> list[str]:
        """Every key in the bucket."""
        return [each["Key"] for each in self.client().list_objects_v2(Bucket="backups").get("Contents", ())]

    def content(self, key: str) -> bytes:
        return self.client().get_object(Bucket="backups", Key=key)["Body"].read()

    def empty(self) -> None:
        for key in self.keys():
            self.client().delete_object(Bucket="backups", Key=key)
        for each in self.begun():
            self.client().abort_multipart_upload(Bucket="backups", Key=each["Key"], UploadId=each["UploadId"])

    def begun(self) -> list[dict[str, Any]]:
        """The uploads in parts that are not done."""
        return self.client().list_multipart_uploads(Bucket="backups").get("Uploads", [])

    def stop(self) -> None:
        self.process.kill()  # asked to end, it takes ten seconds
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    """Ports that are free, and free 10000 further up, where the store speaks gRPC."""
    found: list[int] = []
    while len(found) < count:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1] % 2700 + 20000  # where no client gets its port by chance
            try:
                second.bind(("127.0.0.1", port + 10000))
                with socket.socket() as third:
                    third.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port not in found:
                found.append(port)
    return found
