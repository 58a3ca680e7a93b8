"""A service that has another name now: either name leads to how its archives come back."""

import pytest

from deployer.errors import UsageError
from deployer.home.former import of_another_name


@pytest.mark.parametrize("name", ["memo", "notes"])
def test_archives_of_a_former_name_come_back_under_the_new_one(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        of_another_name(name, {"notes", "photos"}, {"memo", "photos"})
    assert "deploy restore memo --as notes" in caught.value.advice
    assert name in caught.value.message


def test_which_name_it_was_is_not_guessed() -> None:
    with pytest.raises(UsageError) as caught:
        of_another_name("memo", {"notes", "wiki"}, {"memo"})
    assert "deploy restore memo --as NAME" in caught.value.advice
    with pytest.raises(UsageError) as caught:
        of_another_name("notes", {"notes"}, {"memo", "wiki"})
    assert "deploy restore BEFORE --as notes" in caught.value.advice


@pytest.mark.parametrize(
    ("known", "archived"), [({"notes"}, {"notes", "old"}), ({"notes"}, set()), ({"other"}, {"other"})]
)
def test_a_name_with_archives_and_one_that_nobody_knows_are_judged_elsewhere(
    known: set[str], archived: set[str]
) -> None:
    of_another_name("notes", known, archived)
