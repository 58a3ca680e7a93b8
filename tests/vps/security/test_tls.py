"""A served site as a TLS scanner sees it: what Mozilla's intermediate guideline asks for, nothing weaker."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.project import Project

SSLYZE = Path(sys.executable).with_name("sslyze")
NAME = "safe.test"
INTERMEDIATE = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    *(
        f"TLS_ECDHE_{key}_WITH_{cipher}"
        for key in ("ECDSA", "RSA")
        for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
    ),
}
VERSIONS = ("--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3")
SCANS = (*VERSIONS, "--compression", "--heartbleed", "--openssl_ccs", "--reneg", "--elliptic_curves")
OFF = ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1")


def scan(vps: Machine, folder: Path) -> dict[str, Any]:
    """All that the scanner found."""
    target, report = f"{NAME}:443{{{vps.address}}}", folder / "report.json"
    subprocess.run(
        [SSLYZE, "--mozilla_config=disable", *SCANS, f"--json_out={report}", target],
        capture_output=True,
        check=True,
    )
    (result,) = json.loads(report.read_text())["server_scan_results"]
    return {name: each["result"] for name, each in result["scan_result"].items()}


def test_tls_is_what_mozilla_asks_for(vps: Machine, acme: AcmeServer, tmp_path: Path) -> None:
    vps.add_hosts({NAME: "127.0.0.1"})
    site = {"kind": "redirect", "to": "https://example.org"}
    project = Project(tmp_path, vps, acme, {NAME: site})
    done = project.apply()
    assert done.returncode == 0, done.stderr
    found = scan(vps, tmp_path)
    for version in OFF:
        assert found[f"{version}_cipher_suites"]["accepted_cipher_suites"] == []
    for version in ("tls_1_2", "tls_1_3"):
        accepted = found[f"{version}_cipher_suites"]["accepted_cipher_suites"]
        names = {suite["cipher_suite"]["name"] for suite in accepted}
        assert names
        assert names <= INTERMEDIATE
    assert not found["tls_compression"]["supports_compression"]
    assert not found["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert not found["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    curves = {curve["name"] for curve in found["elliptic_curves"]["supported_curves"]}
    assert curves <= {"X25519", "secp256r1", "secp384r1", "X25519MLKEM768"}


@pytest.mark.takes_turns
def test_a_site_that_was_applied_alone_leaves_nothing_to_do_for_it(
    vps: Machine, acme: AcmeServer, tmp_path: Path
) -> None:
    """The list of fail2ban is one for all sites, and another one waits for its certificate still."""
    vps.add_hosts({NAME: "127.0.0.1"})
    site = {"kind": "redirect", "to": "https://example.org"}
    project = Project(tmp_path, vps, acme, {NAME: site, "waiting.test": site})
    off = dict.fromkeys(("firewall", "ssh", "updates", "sysctl"), False)
    project.more["security"] = {**off, "fail2ban": True}
    done = project.apply(NAME)
    assert done.returncode == 0, done.stdout + done.stderr
    again = project.deploy("plan", NAME)
    assert again.returncode == 0, again.stdout
    jail = vps.root / "etc/fail2ban/jail.d/deploy.local"
    assert "waiting.test" not in jail.read_text()
    both = project.plan()
    assert [each["name"] for each in both["certificates"]] == ["waiting.test"]
    assert "/etc/fail2ban/jail.d/deploy.local" in [each["path"] for each in both["files"]]
