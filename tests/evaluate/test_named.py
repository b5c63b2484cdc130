"""Tasks by the name of their data set."""

import subprocess
import sys

import pytest

from textvec.evaluate import tasks_of


@pytest.mark.parametrize(("name", "in_each"), [("mini_benchmark", 8), ("hotels", 3)])
def test_both_languages_unless_one_is_chosen(name, in_each):
    tasks = tasks_of(name)
    assert len({task.name for task in tasks}) == len(tasks) == 2 * in_each
    for language in ("en", "zh"):
        chosen = tasks_of(name, language)
        assert len(chosen) == in_each
        assert all(language in task.language.split("-") for task in chosen)


def test_an_unknown_name_is_told_the_closest():
    with pytest.raises(ValueError, match="Got 'hotel' instead. Close to it: hotels"):
        tasks_of("hotel")
    with pytest.raises(ValueError, match=r"Got '\?\?\?' instead. Close to it: .*mini_benchmark"):
        tasks_of("???")
    with pytest.raises(ValueError, match="language of hotels must be one of 'en', 'zh'. Got 'fr'"):
        tasks_of("hotels", "fr")


def test_the_package_stays_light():
    asks = "import sys, textvec.evaluate as e; assert 'pandas' not in sys.modules; e.tasks_of"
    subprocess.run([sys.executable, "-c", asks], check=True)
