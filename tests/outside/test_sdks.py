"""The stand-ins against the providers' own SDKs: they take what these send, and answer what these know.

What is sent by deploy is sent once more by the SDK, and nothing of it may differ.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from cloudflare import Cloudflare as CloudflareSdk
from cloudflare.types.dns import RecordResponse
from cloudflare.types.dns.record_batch_params import RecordBatchParams
from cloudflare.types.zones import Zone
from hcloud import Client as HetznerSdk
from hcloud.zones import Zone as HetznerZone
from hcloud.zones import ZoneRecord, ZoneRRSet
from pydantic import TypeAdapter

from outside.cloudflare import Cloudflare
from outside.hetzner import Hetzner
from outside.provider import TOKEN, Asked
from outside.running import SITES, Run, configured

RECORDS = {
    "example.org": {
        "TXT": ["v=spf1 -all", "y" * 300],
        "MX": "10 mail.example.com",
        "CAA": '0 issue "ca.test"',
    },
    "docs.example.org": {"CNAME": "example.com"},
}


def changes(asked: list[Asked]) -> list[tuple[str, str, Any]]:
    """What was to change, as it was sent."""
    return [(each.method, each.path, each.body) for each in asked if each.method != "GET"]


def keys_of(params: Any, part: str) -> set[str]:
    """What a record in this part of a batch may have, whatever its type."""
    (union,) = get_args(get_type_hints(params)[part])
    return {key for kind in get_args(union) for key in get_type_hints(kind)}


def test_cloudflare_is_asked_as_its_sdk_asks_it(tmp_path: Path, cloudflare: Cloudflare) -> None:
    assert Run(configured(tmp_path, cloudflare, records=RECORDS)).apply()
    fewer = {"example.org": SITES["example.org"]}
    assert Run(configured(tmp_path, cloudflare, fewer, records=RECORDS, ttl="10m")).apply()
    ours = changes(cloudflare.asked)
    assert {part for _, _, body in ours for part in body} == {"posts", "patches", "deletes"}
    for part in ("posts", "patches"):
        known = keys_of(RecordBatchParams, part)
        assert {key for _, _, body in ours for each in body.get(part, ()) for key in each} <= known
    with Cloudflare("example.org", "example.net") as again:
        sdk = CloudflareSdk(api_token=TOKEN, base_url=again.address, max_retries=0)
        for _, path, body in ours:
            sdk.dns.records.batch(zone_id=path.split("/")[4], **body)
        assert changes(again.asked) == ours
        assert again.values("example.org") == cloudflare.values("example.org")


def test_cloudflare_answers_as_its_sdk_expects(cloudflare: Cloudflare, tmp_path: Path) -> None:
    assert Run(configured(tmp_path, cloudflare, records=RECORDS)).apply()
    sdk = CloudflareSdk(api_token=TOKEN, base_url=cloudflare.address, max_retries=0)
    zones = [*sdk.zones.list()]
    assert [zone.name for zone in zones] == ["example.org", "example.net"]
    assert all(not zone.model_extra for zone in zones)
    one: TypeAdapter[Any] = TypeAdapter(RecordResponse)
    for zone in zones:
        found = [*sdk.dns.records.list(zone_id=zone.id)]
        assert [(each.name, each.type) for each in found] == [
            (each["name"], each["type"]) for each in cloudflare.records[zone.id].values()
        ]
        for each in found:
            assert not each.model_extra, each
        for raw in cloudflare.records[zone.id].values():
            one.validate_python(raw)
    assert Zone.model_fields.keys() >= cloudflare.zones[zones[0].id].keys()


@pytest.mark.parametrize(("name", "value"), [("ssl", "strict"), ("security_level", "under_attack")])
def test_cloudflare_s_settings_are_changed_as_its_sdk_does(
    cloudflare: Cloudflare, name: str, value: str
) -> None:
    zone = next(iter(cloudflare.zones))
    sdk = CloudflareSdk(api_token=TOKEN, base_url=cloudflare.address, max_retries=0)
    sdk.zones.settings.edit(name, zone_id=zone, value=value)
    assert changes(cloudflare.asked) == [
        ("PATCH", f"{cloudflare.prefix}/zones/{zone}/settings/{name}", {"value": value})
    ]
    assert sdk.zones.settings.get(name, zone_id=zone).value == value


def test_hetzner_is_asked_as_its_sdk_asks_it(tmp_path: Path, hetzner: Hetzner) -> None:
    assert Run(configured(tmp_path, hetzner, provider="hetzner", records=RECORDS)).apply()
    fewer = {"example.org": SITES["example.org"]}
    assert Run(configured(tmp_path, hetzner, fewer, provider="hetzner", ttl="10m")).apply()
    ours = changes(hetzner.asked)
    with Hetzner("example.org", "example.net") as again:
        sdk = HetznerSdk(token=TOKEN, api_endpoint=again.address, poll_interval=0)
        for method, path, body in ours:
            send(sdk, method, path, body)
        assert [told(each) for each in changes(again.asked)] == [told(each) for each in ours]
        assert again.values("example.org") == hetzner.values("example.org")


def told(change: tuple[str, str, Any]) -> tuple[str, str, Any]:
    """A change without what is empty, which the SDK sends or does not."""
    method, path, body = change
    return method, path, {key: value for key, value in (body or {}).items() if value is not None}


def send(sdk: HetznerSdk, method: str, path: str, body: Mapping[str, Any] | None) -> None:
    """Have the SDK do what such a request does."""
    _, _, _, zone, _, *rest = path.split("/")
    top, body = HetznerZone(name=zone), body or {}
    records = [ZoneRecord(**each) for each in body.get("records", ())]
    if not rest:
        sdk.zones.create_rrset(
            top,
            name=body["name"],
            type=body["type"],
            ttl=body.get("ttl"),
            labels=body.get("labels"),
            records=records,
        )
        return
    name, kind, *action = rest
    found = ZoneRRSet(name=name, type=kind, zone=top)
    match method, action:
        case "DELETE", []:
            sdk.zones.delete_rrset(found)
        case "PUT", []:
            sdk.zones.update_rrset(found, labels=body["labels"])
        case "POST", ["actions", "set_records"]:
            sdk.zones.set_rrset_records(found, records)
        case "POST", ["actions", "change_ttl"]:
            sdk.zones.change_rrset_ttl(found, body["ttl"])
        case "POST", ["actions", "add_records"]:
            sdk.zones.add_rrset_records(found, records, ttl=body.get("ttl"))
        case "POST", ["actions", "remove_records"]:
            sdk.zones.remove_rrset_records(found, records)
        case _:
            raise AssertionError(f"{method} {path}")


def test_hetzner_answers_as_its_sdk_expects(tmp_path: Path, hetzner: Hetzner) -> None:
    assert Run(configured(tmp_path, hetzner, provider="hetzner", records=RECORDS)).apply()
    sdk = HetznerSdk(token=TOKEN, api_endpoint=hetzner.address, poll_interval=0)
    zones = sdk.zones.get_all()
    assert [zone.name for zone in zones] == ["example.org", "example.net"]
    found = sdk.zones.get_rrset_all(zones[0])
    assert {(each.name, each.type) for each in found} == {*hetzner.sets["example.org"]}
    (mail,) = (each for each in found if each.type == "MX")
    assert ([each.value for each in mail.records], mail.labels) == (
        ["10 mail.example.com."],
        {"managed-by": "deploy"},
    )
