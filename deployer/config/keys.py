"""SSH keys that may do one thing on the server: publish named sites or shield them, or fetch backups."""

from pydantic import Field, model_validator

from deployer.values.section import Section
from deployer.values.types import Boolean, EntryName, PublicKey


class RestrictedKey(Section):
    """An SSH key that may publish or shield the sites it names, or fetch backups, and nothing else."""

    public: PublicKey = Field(description="the public half, as its .pub file has it")
    push: tuple[EntryName, ...] = Field((), description="sites and services that it may push")
    send: tuple[EntryName, ...] = Field(
        (), description="sites whose files it may send, whatever these are: deploy push SITE --from FOLDER"
    )
    shield: tuple[EntryName, ...] = Field((), description="sites whose shield it may turn on and off")
    pull_backups: Boolean = Field(
        False,
        description="true lets it fetch backups, and ask how the server is (deploy watch), and only that",
    )

    @property
    def lists(self) -> dict[str, tuple[EntryName, ...]]:
        """What it may do with which sites, by the key of sites.yaml."""
        return {"push": self.push, "send": self.send, "shield": self.shield}

    @model_validator(mode="after")
    def does_one_thing(self) -> "RestrictedKey":
        """A forced command is one command."""
        if any(self.lists.values()) == self.pull_backups:
            raise ValueError(
                "a key has either lists of sites (`push:`, `send:`, `shield:`), or `pull_backups: true`"
            )
        return self
