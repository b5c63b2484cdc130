"""Which method to take for what, and how sure that is: a sentence for each task."""

import re
from typing import NamedTuple

import numpy as np

from textvec.evaluate.page_words import close_up
from textvec.evaluate.significance import LEVEL

LEAST_SCORE = 0.05  # of the best method, below which nothing works
_SAID = {
    "en": {
        "interval": " (95 % interval {low:.3f} to {high:.3f})",
        "failed": "No method could be scored.",
        "nothing": "Nothing works: the best, {best}, scores {score:.3f}.",
        "alone": "{best} scores {score:.3f}{interval}, and there is nothing to compare it with.",
        "wins": "{best} scores {score:.3f}{interval}, better than every other method beyond "
        "chance: "
        "next is {next} with {next_score:.3f}.",
        "ties": "{best} scores highest, {score:.3f}{interval}, but on {n_items} items {others} "
        "cannot be told from it. Take {fastest}, the fastest of them.",
        "unsure": "{best} scores highest, {score:.3f}. How sure that is cannot be said: the task "
        "repeats runs on the same texts. Next is {next} with {next_score:.3f}.",
        "and": " and ",
        "comma": ", ",
        "many": "{n} others",
        "quoted": '"{}"',
    },
    "zh": {
        "interval": "（95% 区间 {low:.3f} 至 {high:.3f}）",
        "failed": "没有方法得到分数。",
        "nothing": "没有方法有效：最好的 {best} 只有 {score:.3f}。",
        "alone": "{best} 得 {score:.3f}{interval}，没有可比较的方法。",
        "wins": "{best} 得 {score:.3f}{interval}，显著好于所有其他方法：其次是 {next}，"
        "{next_score:.3f}。",
        "ties": "{best} 分数最高，{score:.3f}{interval}，但在 {n_items} 个条目上与 {others} "
        "没有显著差别。"
        "取其中最快的：{fastest}。",
        "unsure": "{best} 分数最高，{score:.3f}。无法说明有多可靠：该任务在相同文本上重复运行。"
        "其次是 {next}，{next_score:.3f}。",
        "and": " 和 ",
        "comma": "、",
        "many": "其他 {n} 种方法",
        "quoted": "“{}”",
    },
}
_MOST_NAMED = 3  # methods that tie


class Verdict(NamedTuple):
    """What a comparison says of one task.

    Parameters
    ----------
    task : str
        The task.
    take : str
        The method to take, "" where none works.
    sentence : str
        Why, and how sure that is.
    """

    task: str
    take: str
    sentence: str


def verdict_of(comparison, task, language="en"):
    """Return what a comparison says of a task in words.

    A method wins if it is better than each other one by a paired test. Methods that cannot be told
    from the best are as good as far as the task can see, and the fastest of them is to be taken.

    Parameters
    ----------
    comparison : Comparison
        What was compared.
    task : str
        Name of one of its tasks.
    language : {"en", "zh"}, default="en"
        Of the sentence.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from textvec import CountVectorizer, compare
    >>> from textvec.evaluate.tasks import RetrievalTask
    >>> corpus = {"a": "the the", "c": "the pier"}
    >>> task = RetrievalTask({"q": "the pier"}, corpus, {"q": {"c": 1}}, name="rooms")
    >>> verdict_of(compare({"words": CountVectorizer()}, [task]), "rooms").sentence
    'words scores 1.000, and there is nothing to compare it with.'
    """
    verdict = _verdict(comparison, task, _SAID[language])
    return verdict._replace(sentence=close_up(verdict.sentence)) if language == "zh" else verdict


def _verdict(comparison, task, said):
    sure = comparison.significance()
    rows = sure[(sure["task"] == task) & sure["score"].notna()]
    rows = rows.sort_values("score", ascending=False, kind="stable").to_dict("records")
    if not rows:
        return Verdict(task, "", said["failed"])
    best, *others = rows
    told = {"best": best["method"], "score": best["score"], "interval": ""}
    if not np.isnan(best["low"]):
        told["interval"] = said["interval"].format(**best)
    if best["score"] < LEAST_SCORE:
        return Verdict(task, "", said["nothing"].format(**told))
    if not others:
        return Verdict(task, best["method"], said["alone"].format(**told))
    told |= {"next": others[0]["method"], "next_score": others[0]["score"]}
    if best["winner"]:
        return Verdict(task, best["method"], said["wins"].format(**told))
    tied = [one["method"] for one in others if one["p"] >= LEVEL]
    if not tied:
        return Verdict(task, best["method"], said["unsure"].format(**told))
    fastest = _fastest(comparison.table, task, [best["method"], *tied])
    n_items = int(comparison.results[best["method"], task].rows["score"].notna().sum())
    told |= {"others": _listed(tied, said), "fastest": fastest, "n_items": n_items}
    return Verdict(task, fastest, said["ties"].format(**told))


def _listed(names, said):
    """Return names as one says them; one with a comma in it is quoted, or it would be two."""
    names = [said["quoted"].format(name) if re.search("[,，、]", name) else name for name in names]
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], said["many"].format(n=len(names) - _MOST_NAMED + 1)]
    *first, last = names
    return said["and"].join([said["comma"].join(first), last]) if first else last


def _fastest(table, task, methods):
    """Return the method that took the fewest seconds to fit and transform; of equals the first."""
    rows = table[table["task"] == task].set_index("method").loc[methods]
    seconds = (rows["fit_seconds"] + rows["transform_seconds"]).to_numpy(float)
    return methods[int(np.argmin(np.where(np.isnan(seconds), np.inf, seconds)))]
