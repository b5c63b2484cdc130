"""The words of the page of a comparison, in English and in Chinese."""

import re

from textvec.evaluate.significance import LEVEL
from textvec.text.scripts import HAN

WORDS = {
    "en": {
        "en": "English",
        "zh": "Chinese",
        "title": "Ways of turning text into vectors, compared",
        "lead": "{methods} on {tasks}: how good the vectors are, and what they cost.",
        "verdict": "Which method to take",
        "verdict columns": {"task": "task", "take": "take", "sentence": "how sure that is"},
        "nothing": "Nothing works on {}",
        "quality": "Quality",
        "quality of": "Quality: {}",
        "cost": "Cost",
        "disagree": "Where methods disagree",
        "data": "Data",
        "settings": "Settings",
        "versions": "Versions",
        "tradeoff": "Quality against cost.",
        "grey line": " Methods on the grey line are beaten by no other in both.",
        "failed": "failed",
        "mean": "mean of the main scores",
        "axes": {},
        "comma": ", ",
        "colon": ": ",
        "semicolon": "; ",
        "on": "{} on {}",
        "of task": "{}, {}",
        "own": "here with {}={} instead of {}",
        "types": {},
        "documents": "documents",
        "date": "date",
        "machine": "machine",
        "chart": "The main score of every method on every task.",
        "sure": "How sure these scores are",
        "every": "All metrics",
        "chosen": "What a task chose for each method",
        "begins": "How a document of each begins",
        "labels": "How many documents have each label",
        "labels of": "Documents by label: {}.",
        "differ": "{task}: {a} and {b} differ on {items}",
        "map": "See both on a map",
        "columns": {},
        "quality note": "Main metric of each task. Higher is better; 1 is the most. A star marks a "
        "method that is better than every other one (paired randomisation test, "
        f"p < {LEVEL}). Click a heading to sort.",
        "sure note": "Low and high: 95 % bootstrap interval over the items of the task. p: paired "
        "randomisation test against the best method of the task. Neither exists for clustering, "
        "which repeats runs on the same texts.",
        "chosen note": "C: how freely the weights of the classifier may grow, found by "
        "cross-validation on training documents alone; where a task has folds, over all of them.",
        "cost note": "Seconds and documents/s are of fitting on, and transforming, the documents "
        "of "
        "a task, once everything is loaded and compiled: medians of up to five runs where one is "
        "fast, and over the folds where a task has folds. Non-zeros and stored MB are those of the "
        "vectors of the documents that a method was fitted on (sparse ones as CSR), zeros the "
        "share "
        "of their entries that is zero, each the median over the folds where a task has folds. "
        "Peak MB is by how much the process grew at most while it worked on a task. Costs are "
        "averaged over the tasks.",
        "rivals note": "The items of each task on which the best method with sparse vectors and "
        "the "
        "best with dense ones differ most; where all are of one kind, the two best. The scores are "
        "those of the one item.",
    },
    "zh": {
        "en": "英文",
        "zh": "中文",
        "title": "文本向量方法比较",
        "lead": "{methods}，{tasks}：向量有多好，代价有多大。",
        "verdict": "该用哪种方法",
        "verdict columns": {"task": "任务", "take": "选用", "sentence": "有多可靠"},
        "nothing": "没有方法有效：{}",
        "quality": "质量",
        "quality of": "质量：{}",
        "cost": "代价",
        "disagree": "方法的分歧",
        "data": "数据",
        "settings": "设置",
        "versions": "版本",
        "tradeoff": "质量与代价。",
        "grey line": "灰线上的方法在两方面都没有被其他方法超过。",
        "failed": "失败",
        "mean": "主要分数的平均",
        "axes": {
            "fit seconds": "拟合秒数",
            "documents/s": "文本/秒",
            "stored MB": "存储 MB",
            "faster": "更快",
            "costlier": "更贵",
        },
        "comma": "、",
        "colon": "：",
        "semicolon": "；",
        "on": "{}（{}）",
        "of task": "{}：{}",
        "own": "此处 {}={}，而不是 {}",
        "types": {
            "Classification": "分类",
            "Clustering": "聚类",
            "STS": "语义相似度（STS）",
            "PairClassification": "文本对分类",
            "Summarization": "摘要评价",
            "Retrieval": "检索",
            "Reranking": "重排序",
            "BitextMining": "双语句对挖掘",
            "WordSimilarity": "词相似度",
            "WordAnalogy": "词类比",
            "WordTranslation": "词翻译",
        },
        "documents": "篇文本",
        "date": "日期",
        "machine": "系统",
        "chart": "每种方法在每个任务上的主要分数。",
        "sure": "这些分数有多可靠",
        "every": "全部指标",
        "chosen": "任务为每种方法选择了什么",
        "begins": "每个任务的一篇文本的开头",
        "labels": "每个标签有多少文本",
        "labels of": "各标签的文本数：{}。",
        "differ": "{task}：{a} 与 {b} 在 {items}上不同",
        "map": "在地图上看两者",
        "columns": {
            "method": "方法",
            "task": "任务",
            "metric": "指标",
            "score": "分数",
            "low": "下限",
            "high": "上限",
            "text": "文本",
            "expected": "应为",
            "found by": "找到",
            "score of": "得分",
            "type": "类型",
            "documents": "文本数",
            "characters (median)": "字符数（中位数）",
            "what is asked": "任务内容",
            "fit seconds": "拟合秒数",
            "transform seconds": "转换秒数",
            "documents/s": "文本/秒",
            "dimension": "维数",
            "non-zeros": "非零数",
            "stored MB": "存储 MB",
            "zeros": "零的比例",
            "peak MB": "峰值 MB",
        },
        "quality note": "每个任务的主要指标，越高越好，最高为 1。星号表示该方法显著好于其他所有方法"
        f"（配对随机化检验，p < {LEVEL}）。点击表头可排序。",
        "sure note": "下限和上限：对任务条目做自助法得到的 95% 区间。p："
        "与该任务最好的方法的配对随机化检验。"
        "聚类没有这两项，因为它在相同文本上重复运行。",
        "chosen note": "C：分类器权重的自由程度，只在训练文本上交叉验证得到；有折的任务汇总各折。",
        "cost note": "秒数和每秒文本数是在任务的文本上拟合和转换的用时，不含加载和编译："
        "较快时取至多五次的中位数，"
        "有折的任务取各折的中位数。非零数和存储 MB 是拟合所用文本的向量的（稀疏向量按 CSR），"
        "零的比例是其中零元素"
        "所占的份额。峰值 MB 是处理一个任务时进程内存最多增长了多少。代价是各任务的平均。",
        "rivals note": "每个任务中，最好的稀疏方法与最好的稠密方法差别最大的条目；若都是同一类，"
        "则取最好的两种。"
        "分数是单个条目的。",
    },
}

_METRICS = {  # of which Chinese papers have words of their own; F1, nDCG, Spearman stay
    "accuracy": "准确率",
    "precision": "精确率",
    "recall": "召回率",
    "hit rate": "命中率",
    "share known": "已知比例",
    "macro": "宏平均",
    "weighted": "加权平均",
    "cosine": "余弦",
    "dot": "点积",
    "euclidean": "欧氏距离",
    "manhattan": "曼哈顿距离",
}
_METRIC = re.compile("|".join(rf"\b{name}\b" for name in _METRICS))
_WIDE = f"{HAN}\u3000-\u303f\uff00-\uffef“”"
_BETWEEN_WIDE = re.compile(f"(?<=[{_WIDE}]) +(?=[{_WIDE}])")


def metric_in(language, metric):
    """Return the name of a metric in a language.

    Parameters
    ----------
    language : {"en", "zh"}
        The language.
    metric : str
        Its name in English.

    Returns
    -------
    str

    Examples
    --------
    >>> [metric_in("zh", name) for name in ("cosine accuracy", "recall@10", "macro F1")]
    ['余弦准确率', '召回率@10', '宏平均 F1']
    """
    if language != "zh":
        return metric
    return close_up(_METRIC.sub(lambda found: _METRICS[found[0]], metric))


def close_up(sentence):
    """Return a sentence without spaces between wide characters; beside Latin ones they stay.

    Parameters
    ----------
    sentence : str
        In any language.

    Returns
    -------
    str

    Examples
    --------
    >>> close_up("与 BM25 和 其他 3 种方法 没有差别")
    '与 BM25 和其他 3 种方法没有差别'
    """
    return _BETWEEN_WIDE.sub("", sentence)


def counted_in(language, number, noun):
    """Return a number of things in a language: "2 tasks", "2 个任务".

    Parameters
    ----------
    language : {"en", "zh"}
        The language.
    number : int
        How many.
    noun : {"method", "task", "item"}
        What one of them is called in English.

    Returns
    -------
    str

    Examples
    --------
    >>> counted_in("en", 1, "task"), counted_in("zh", 2, "method")
    ('1 task', '2 种方法')
    """
    if language == "zh":
        return f"{number} {({'method': '种方法', 'task': '个任务', 'item': '个条目'})[noun]}"
    return f"{number} {noun}{'' if number == 1 else 's'}"
