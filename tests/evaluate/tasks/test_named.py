"""Tasks by the name of their data set."""

import subprocess
import sys

import pytest

from textvec import BM25Vectorizer, CountVectorizer
from textvec.datasets import list_datasets, remote
from textvec.evaluate import tasks, tasks_of
from textvec.evaluate.tasks.named import languages_of

# Name -> the type of its tasks, and how many documents they vectorize.
REAL = {
    "20newsgroups": ("Classification", [11_293]),
    "afqmc": ("STS", [8_611]),
    "atec": ("STS", [77_512]),
    "banking77": ("Classification", [10_003]),
    "chnsenticorp": ("Classification", [7_766]),
    "cmrc2018": ("Retrieval", [848]),
    "cranfield": ("Retrieval", [1_400]),
    "lcqmc": ("STS", [23_557]),
    "msrp": ("STS", [3_393]),
    "npl": ("Retrieval", [11_429]),
    "pawsx": ("STS", [3_618]),
    "scifact": ("Retrieval", [5_183]),
    "searchsnippets": ("Clustering", [12_340]),
    "semeval_sts": ("STS", [12_305]),
    "sst2": ("Classification", [6_920]),
    "stackoverflow": ("Clustering", [20_000]),
    "stsb": ("STS", [2_552, 2_501]),
    "tatoeba": ("BitextMining", [2_000]),
    "thucnews_titles": ("Classification", [10_000]),
}
WITHOUT_TASKS = {
    "journey_to_the_west",
    "movielens",
    "novel_zh",
    "seattle_hotels",
    "simclue",
    "three_kingdoms",
    "water_margin",
}


@pytest.mark.parametrize(("name", "in_each"), [("mini_benchmark", 8), ("hotels", 3)])
def test_both_languages_unless_one_is_chosen(name, in_each):
    tasks = tasks_of(name)
    assert len({task.name for task in tasks}) == len(tasks) == 2 * in_each
    for language in ("en", "zh"):
        chosen = tasks_of(name, language)
        assert len(chosen) == in_each
        assert all(language in task.language.split("-") for task in chosen)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.usefixtures("data_folder")
def test_real_sets(name):
    kind, sizes = REAL[name]
    tasks = tasks_of(name)
    assert [task.type for task in tasks] == [kind] * len(tasks)
    assert [len(task.documents) for task in tasks] == sizes
    assert {code for task in tasks for code in task.language.split("-")} <= {"en", "zh"}


@pytest.fixture
def without_data(monkeypatch, tmp_path):
    monkeypatch.delenv("TEXTVEC_DATA", raising=False)
    monkeypatch.setenv("TEXTVEC_CACHE", str(tmp_path))
    monkeypatch.setattr(remote, "_HOST", "http://127.0.0.1:9")


def test_every_listed_set_has_tasks_or_none_on_purpose(without_data):
    without = set()
    for name in list_datasets()["name"]:
        try:
            tasks_of(name)
        except OSError:
            continue  # there are tasks, and no data
        except ValueError:
            without.add(name)
    assert without == WITHOUT_TASKS


def test_the_listed_names_choose_a_language():
    assert [task.name for task in tasks_of("hotels_zh")] == [
        task.name for task in tasks_of("hotels", "zh")
    ]
    assert len(tasks_of("mini_benchmark_en", "en")) == 8
    with pytest.raises(ValueError, match="language of hotels_zh must be one of 'zh'. Got 'en'"):
        tasks_of("hotels_zh", "en")


def test_languages_are_known_without_loading(without_data):
    assert [languages_of(name) for name in ("stsb", "stsb_en", "tatoeba", "scifact")] == [
        ("en", "zh"),
        ("en",),
        ("zh", "en"),
        ("en",),
    ]


@pytest.mark.usefixtures("data_folder")
def test_real_scores():
    (cmrc,) = tasks_of("cmrc2018")
    characters = BM25Vectorizer(analyzer="char", ngram_range=(2, 2))
    assert cmrc.evaluate(characters)["nDCG@10"] >= 0.97
    english, _ = tasks_of("stsb")
    assert 0.5 < english.evaluate(CountVectorizer())["cosine Spearman"] < 0.9
    (translations,) = tasks_of("tatoeba", "zh")
    assert translations.texts1[0] == "我們試試看！"
    assert translations.description.startswith("Tatoeba: 1,000 Chinese sentences")


def test_without_the_data_it_says_where_to_get_them(without_data):
    with pytest.raises(OSError, match=r"Get it from .*claimverifier"):
        tasks_of("scifact")


def test_an_unknown_name_is_told_the_closest():
    with pytest.raises(ValueError, match="Got 'hotel' instead. Close to it: hotels"):
        tasks_of("hotel")
    with pytest.raises(ValueError, match=r"Got '\?\?\?' instead. Close to it: .*mini_benchmark"):
        tasks_of("???")
    with pytest.raises(ValueError, match="language of hotels must be one of 'en', 'zh'. Got 'fr'"):
        tasks_of("hotels", "fr")


@pytest.mark.parametrize(
    ("name", "heavy"), [("", "pandas"), (".tasks", "pandas"), (".significance", "numba")]
)
def test_the_package_stays_light(name, heavy):
    asks = f"import sys, textvec.evaluate{name}; sys.exit({heavy!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", asks], check=True)


def test_public_names_exist_where_the_table_says():
    for name, home in tasks._HOME.items():
        assert getattr(tasks, name).__module__ == f"textvec.evaluate.tasks.{home}"
        assert name in dir(tasks)
    with pytest.raises(AttributeError, match="has no attribute 'Taks'"):
        _ = tasks.Taks
