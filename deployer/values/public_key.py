"""A public GPG key for backups: the file beside sites.yaml must not have the private half in it."""

from deployer.values.openpgp import PUBLIC_KEY, packets
from deployer.values.quantities import shown

PRIVATE = {5, 7}  # tags of packets: a private key, a private subkey


def checked(content: bytes, name: str) -> bytes:
    """The content of a file with a public key, armored or binary; raises ValueError for anything else."""
    tags = {tag for tag, _ in packets(content)}
    if b"PRIVATE KEY BLOCK" in content or tags & PRIVATE:
        raise ValueError(
            f"{shown(name)} has a PRIVATE key in it, which must never be on the server: "
            "gpg --armor --export KEY writes the public half"
        )
    if PUBLIC_KEY not in tags:
        raise ValueError(f"{shown(name)} has no public GPG key in it: gpg --armor --export KEY writes one")
    return content
