"""What SetFit makes of few labelled texts: run by an interpreter of its own, as it wants an older
transformers than textvec.

Reads from standard input a JSON object with ``model`` (a folder), ``texts``, ``targets``, ``test``
(texts), ``seed`` and ``iterations`` (pairs of each kind for a text; 20 in the paper, Tunstall et
al. 2022), and prints one with ``predicted`` and ``seconds``.
"""

import json
import sys
import tempfile
from time import perf_counter

from setfit import SetFitModel, Trainer, TrainingArguments

from datasets import Dataset


def main():
    """Train on what is read, and print what is predicted."""
    given = json.load(sys.stdin)
    began = perf_counter()
    model = SetFitModel.from_pretrained(given["model"])
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_epochs=1,
            num_iterations=given["iterations"],
            seed=given["seed"],
            report_to="none",
            save_strategy="no",
        )
        rows = Dataset.from_dict({"text": given["texts"], "label": given["targets"]})
        Trainer(model=model, args=arguments, train_dataset=rows).train()
    seconds = perf_counter() - began
    predicted = [str(label) for label in model.predict(given["test"])]
    print("\n" + json.dumps({"predicted": predicted, "seconds": seconds}))


if __name__ == "__main__":
    main()
