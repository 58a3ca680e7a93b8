from pathlib import Path

from deployer.rehearsal.mirror import sources


def test_reads_deb822_sources(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "debian.sources").write_text(
        "Types: deb\n# URIs: http://commented.example/debian\nURIs: http://mirror.example/debian/\n"
        "Suites: bookworm bookworm-updates\nComponents: main\n\n"
        "Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\n"
    )
    assert sources("debian-13", tmp_path) == (
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian trixie-updates main",
        "deb http://mirror.example/debian-security trixie-security main",
    )


def test_reads_one_line_sources_without_security(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://old.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://one.example/debian bookworm main\n"
        "deb-src https://source.example/debian bookworm main\n"
    )
    assert sources("debian-12", tmp_path) == (
        "deb https://one.example/debian bookworm main",
        "deb https://one.example/debian bookworm-updates main",
    )


def test_foreign_repositories_are_no_debian_mirror(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://ubuntu.example/ubuntu noble main\n")
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "extra.list.disabled").write_text("deb http://off.example/debian x main\n")
    assert sources("debian-13", tmp_path) == ()
