"""What the plan says of data that no archive will have, from the compose file and sites.yaml alone."""

from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.parts.backups import unsaved_remarks
from home.sample import Keyring

COMPOSE = """\
name: shop
services:
  web:
    image: web:1
    volumes:
      - ./data:/data
      - ./conf:/conf:ro
      - uploads:/uploads
      - /cache
      - ${MEDIA}:/media
      - ~/notes:/notes
      - /srv/music:/music:ro
      - /:/host:ro
      - /etc/localtime:/etc/localtime:ro
      - /run/docker.sock:/run/docker.sock
      - {type: bind, source: /srv, target: /all}
      - {type: volume, source: share, target: /share}
  db:
    image: postgres:17
    volumes: [db:/var/lib/postgresql/data, plugin:/plugin:ro]
volumes:
  uploads: {external: true}
  db:
  vault: {driver_opts: {type: none, o: bind, device: /srv/vault}}
  share: {name: nas, driver_opts: {type: cifs, o: addr=192.0.2.1, device: //nas/share}}
  plugin: {driver: "vieux/sshfs:latest"}
"""
FOR_EVER = {
    "a volume without a name of web, at /cache": "web:/cache",
    "volume nas of web, on //nas/share (cifs)": "nas",
    "/srv/music of web, read only": "/srv/music",
    "/srv of web, which has more than its data": "/srv",
    "volume shop_plugin of db, kept by the driver vieux/sshfs:latest": "shop_plugin",
}
DUMP = "dump: x, load: y, service: db"


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory):
    ring = Keyring(tmp_path_factory.mktemp("g") / "h")
    yield ring.public
    ring.stop()


def notes(folder: Path, public: Path, backup: str) -> list[str]:
    (folder / "shop.yml").write_text(COMPOSE)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "conf").mkdir(exist_ok=True)
    text = (
        f"backups: {{recipient: {public}}}\n"
        "services:\n"
        "  shop: {kind: compose, file: shop.yml, environment: {MEDIA: /srv/media},\n"
        f"    backup: {backup}}}\n"
    )
    (folder / "sites.yaml").write_text(text)
    return [remark for _, remark in unsaved_remarks(load(folder / "sites.yaml"))]


def told(left: dict[str, str]) -> list[str]:
    return [
        f"shop: not saved: {what} (backup: exclude: [{by}] says that this is meant)"
        for what, by in left.items()
    ]


def test_what_cannot_be_saved_is_named_before_the_first_night(tmp_path: Path, public: Path) -> None:
    assert notes(tmp_path, public, "{}") == told(FOR_EVER)


def test_what_is_meant_is_not(tmp_path: Path, public: Path) -> None:
    meant = ", ".join(f'"{by}"' for by in FOR_EVER.values())
    assert notes(tmp_path, public, f"{{exclude: [{meant}]}}") == []
    assert notes(tmp_path, public, "false") == []


def test_what_paths_and_volumes_leave_out_is_named(tmp_path: Path, public: Path) -> None:
    more = {
        "volume uploads of web": "uploads",
        "/opt/shop/data of web": "/opt/shop/data",
        "/srv/media of web": "/srv/media",
        "/root/notes of web": "/root/notes",
    }
    found = notes(tmp_path, public, f"{{paths: [more], volumes: [], {DUMP}}}")
    assert set(told(more)) <= set(found)
    assert not [note for note in found if "shop_db" in note], "the dump stands for it"
    chosen = notes(tmp_path, public, "{paths: [data/inner, /srv/media, /root], volumes: [uploads]}")
    assert not set(told(more)) & set(chosen)
    left_out = notes(
        tmp_path, public, "{paths: [more], volumes: [], exclude: [data, uploads, /srv, /root/notes]}"
    )
    assert not set(told(more)) & set(left_out)
