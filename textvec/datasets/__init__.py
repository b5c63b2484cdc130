"""Data to learn and compare on: ``load_*`` ships with the package, ``fetch_*`` downloads once."""

from textvec.datasets.catalogue import list_datasets
from textvec.datasets.fetchers import (
    fetch_20newsgroups,
    fetch_banking77,
    fetch_chnsenticorp,
    fetch_cmrc2018,
    fetch_cranfield,
    fetch_lcqmc,
    fetch_movielens,
    fetch_novel,
    fetch_npl,
    fetch_scifact,
    fetch_searchsnippets,
    fetch_seattle_hotels,
    fetch_sst2,
    fetch_stackoverflow,
    fetch_stsb,
    fetch_tatoeba,
    fetch_thucnews_titles,
)
from textvec.datasets.own import load_hotels, load_mini_benchmark, load_novel
from textvec.datasets.remote import cache_folder

__all__ = [
    "cache_folder",
    "fetch_20newsgroups",
    "fetch_banking77",
    "fetch_chnsenticorp",
    "fetch_cmrc2018",
    "fetch_cranfield",
    "fetch_lcqmc",
    "fetch_movielens",
    "fetch_novel",
    "fetch_npl",
    "fetch_scifact",
    "fetch_searchsnippets",
    "fetch_seattle_hotels",
    "fetch_sst2",
    "fetch_stackoverflow",
    "fetch_stsb",
    "fetch_tatoeba",
    "fetch_thucnews_titles",
    "list_datasets",
    "load_hotels",
    "load_mini_benchmark",
    "load_novel",
]
