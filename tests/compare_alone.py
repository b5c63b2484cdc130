"""Compare in this process and print, as JSON, all that a reader of the tables sees but times.

Run by test_determinism.py: python compare_alone.py N_JOBS MADE [TASK ...], where MADE names things
of made_alone.py, with commas between, or is empty.
"""

import json
import sys

from textvec import PPMI, HashingVectorizer, compare
from textvec.evaluate.compare import default_vectorizers
from textvec.evaluate.tasks import mini_benchmark_tasks

TIMES = ["fit_seconds", "transform_seconds", "documents_per_second", "peak_mb"]


def methods(language):
    """Return the methods that are compared by default, and the others that draw or count."""
    jieba = {"tokenizer": "jieba"} if language == "zh" else {}
    found = default_vectorizers(language) | {
        "PPMI": PPMI(vector_size=30, min_count=2, random_state=0, **jieba),
        "hashing": HashingVectorizer(n_features=2**12, **jieba),
    }
    for method in found.values():
        if "n_jobs" in method.get_params():
            method.set_params(n_jobs=int(sys.argv[1]))
    return found


def main():
    """Compare, and print what came out."""
    from made_alone import sums_of  # beside this file, which is run as a script

    tasks = [
        task
        for language in ("en", "zh")
        for task in mini_benchmark_tasks(language)
        if not sys.argv[3:] or task.name in sys.argv[3:]
    ]
    by_language = {language: methods(language) for language in ("en", "zh")}
    vectorizers = {
        name: {language: by_language[language][name] for language in by_language}
        for name in by_language["en"]
    }
    comparison = compare(vectorizers, tasks)
    table = comparison.table.drop(columns=TIMES)
    sureness = comparison.significance(1000).drop(columns="winner")
    print(
        json.dumps(
            {
                "made": sums_of(filter(None, sys.argv[2].split(",")), int(sys.argv[1])),
                "table": table.round(12).astype(str).to_dict("records"),
                "printed": [
                    table.round(3).to_string(),
                    sureness.round(3).to_string(),
                ],
                "found": {
                    f"{method}, {task}": result.rows["found"].astype(str).tolist()
                    for (method, task), result in comparison.results.items()
                },
            }
        )
    )


if __name__ == "__main__":
    main()
