"""``textvec tune``: an encoder tuned to records, into a folder."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson
from textvec.cli.tables import counted, print_as_json, print_line

_CONFIGS = (".yml", ".yaml")


def tune(  # numpydoc ignore=PR01
    records: Annotated[
        Path,
        typer.Argument(
            help="What to learn from: .jsonl, .json, .csv or .tsv with query, pos and neg; text, "
            "positive_text and negative_text; text1, text2 and score; or text and label. Or a "
            "config, .yml, of AutoTrain's layout."
        ),
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="A pretrained model's folder or name.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            help="The tuned model. If cut off, run again to resume.",
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Such as infonce, cosent.  [default: fit for the records]"
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What is trained: full, bitfit, prefix, lora or head.  [default: full]",
        ),
    ] = None,
    validation: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A task that chooses the best weights on the way."),
    ] = None,
    epochs: Annotated[float | None, typer.Option(help="Times all is seen.  [default: 1]")] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Records at a time.  [default: 32]")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="The highest.  [default: fit for the strategy]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of all that is drawn.  [default: 0]")] = None,
    as_json: AsJson = False,
):
    """Tune an encoder to your own pairs, triplets, scores or labels."""
    given = {
        "loss": loss,
        "strategy": strategy,
        "validation": validation,
        "training__epochs": epochs,
        "training__batch_size": batch_size,
        "training__learning_rate": learning_rate,
        "random_state": seed,
    }
    given = {name: value for name, value in given.items() if value is not None}
    start = time.perf_counter()
    if records.suffix.lower() in _CONFIGS or _is_config(records):
        if model or out or given:
            raise ValueError(f"{records} says all: it goes with no other option than --json.")
        tuner, learned = _of_config(records)
    else:
        for option, value in (("--model", model), ("--out", out)):
            if value is None:
                raise ValueError(f"{option} must be given with {records}, which is no config.")
        tuner, learned = _of_options(records, model, out, given)
    tuner.set_params(verbose=sys.stderr.isatty() and not as_json)
    try:
        tuner.fit(learned)
    except KeyboardInterrupt:
        if hasattr(tuner, "vectorizer_"):
            kept = f"the best so far, of step {tuner.best_step_}, lies in {tuner.output_dir}"
            print(f"\ntextvec: {kept}", file=sys.stderr)
        raise
    done = {
        "out": str(tuner.output_dir),
        "steps": tuner.loss_history_[-1][0] if tuner.loss_history_ else 0,
        "best_step": tuner.best_step_,
        "trained_share": tuner.trained_share_,
        "scores": [list(one) for one in tuner.score_history_],
        "seconds": time.perf_counter() - start,
        "compare": f"textvec compare --vectorizer {tuner.model} --vectorizer {tuner.output_dir}",
    }
    if as_json:
        print_as_json(done)
        return
    if done["scores"]:
        before, after = done["scores"][0][1], max(score for _, score in done["scores"])
        print_line(f"{before:.4f} before, {after:.4f} after step {done['best_step']}")
    share = f"{done['trained_share']:.2%} of the weights"
    print_line(f"{counted(done['steps'], 'step')}, {share}, {done['seconds']:.0f} s: {done['out']}")
    print_line(done["compare"])


def _is_config(path):
    """Tell whether a JSON file is a config rather than records."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    from textvec._reading import parse_json

    try:
        found = parse_json(path.read_text(encoding="utf-8"))
    except ValueError:
        return False  # records will say what is wrong
    return isinstance(found, dict) and "base_model" in found


def _of_options(records, model, out, given):
    from textvec._checks import check_choice
    from textvec.cli.models import pretrained
    from textvec.finetune.strategies import OF_NETWORKS
    from textvec.finetune.tuner import FineTunedVectorizer

    check_choice("--strategy", given.get("strategy", "full"), OF_NETWORKS)
    pretrained(model)  # what is no model's name is refused here
    tuner = FineTunedVectorizer(model, output_dir=out, random_state=0).set_params(**given)
    return tuner, records


def _of_config(path):
    from textvec.finetune.configs import read_config
    from textvec.finetune.tuner import FineTunedVectorizer, task_of_records

    settings, records, validation = read_config(path)
    task = None if validation is None else task_of_records(validation, "validation")
    return FineTunedVectorizer(validation=task, **settings), records
