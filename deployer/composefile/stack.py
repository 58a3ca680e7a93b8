"""The files of a composition as Docker Compose takes them together; pure."""

from dataclasses import dataclass, replace
from functools import cache

from deployer.composefile import compose_file
from deployer.composefile.compose_file import Definition, Given
from deployer.composefile.file_names import OURS, UPSTREAM, WHOLE, override
from deployer.composefile.interpolation import written
from deployer.composefile.laid_over import LaidOver, Wishes, laid_over, together
from deployer.composefile.neighbours import with_neighbours
from deployer.documents.tree import value_of
from deployer.values.attachments import LocalFile


@dataclass(frozen=True, slots=True)
class Stack:
    """What its files say together; `over` are those that lie over the first, as the server has them."""

    definition: Definition
    over: tuple[LocalFile, ...] = ()
    remarks: tuple[str, ...] = ()

    def files(self) -> dict[str, bytes]:
        """Each file by its name on the server: one that is alone is `docker-compose.yml` itself."""
        first = self.definition.file
        if not self.over:
            return {WHOLE: first.content}
        name = value_of(self.definition.root, "name")
        text = "".join(together(written(name.value) if name else "", self.over))
        return {
            WHOLE: text.encode(),
            UPSTREAM: first.content,
            **{each.written: each.content for each in self.over},
        }


@cache
def stack(
    file: LocalFile,
    given: Given,
    overrides: tuple[LocalFile, ...],
    wishes: Wishes,
    others: tuple[LocalFile, ...] = (),
) -> Stack:
    """The file with the user's own over it, and ours over them where it is needed; `others` are taken in."""
    over = tuple(replace(each, written=override(number)) for number, each in enumerate(overrides, start=1))
    theirs = with_neighbours(compose_file.definition(file, given, over), given, others)
    ours = laid_over(theirs, wishes) if theirs.root else LaidOver()
    if not ours.text:
        return Stack(theirs, over)
    over = (*over, LocalFile(OURS, OURS, ours.text.encode()))
    whole = with_neighbours(compose_file.definition(file, given, over), given, others)
    return Stack(replace(whole, problems=theirs.problems), over, ours.remarks)
