"""SSH keys that may do one thing on the server: push named sites or shield them, or fetch backups."""

from pydantic import Field, model_validator

from deployer.values.section import Section
from deployer.values.types import Boolean, EntryName, PublicKey


class RestrictedKey(Section):
    """An SSH key that may push or shield the sites it names, or fetch backups, and nothing else."""

    public: PublicKey = Field(description="the public half, as its .pub file has it")
    push: tuple[EntryName, ...] = Field((), description="sites and services that it may push")
    shield: tuple[EntryName, ...] = Field((), description="sites whose shield it may turn on and off")
    pull_backups: Boolean = Field(
        False,
        description="true lets it fetch backups, and ask how the server is (deploy watch), and only that",
    )

    @model_validator(mode="after")
    def does_one_thing(self) -> "RestrictedKey":
        """A forced command is one command."""
        if bool(self.push or self.shield) == self.pull_backups:
            raise ValueError("a key has either `push: [SITE]` and `shield: [SITE]`, or `pull_backups: true`")
        return self
