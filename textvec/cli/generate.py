"""``textvec generate``: records to tune on, which a language model writes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from textvec.cli.app import AsJson
from textvec.cli.tables import counted, print_as_json, print_line


def generate(  # numpydoc ignore=PR01
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write the records: a .jsonl file.")
    ],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The language model, as its server calls it.")
    ],
    source: Annotated[
        Path | None,
        typer.Argument(
            help="Documents: a .txt, .md, .html or .pdf file, or a folder of such. Without it, "
            "--triplets.",
            show_default=False,
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A server that speaks OpenAI's chat API.  [default: OPENAI_BASE_URL, or OpenAI; "
            "the key is read from OPENAI_API_KEY]",
        ),
    ] = None,
    questions: Annotated[
        int | None,
        typer.Option("-n", "--questions", metavar="NUMBER", help="Of each chunk.  [default: 2]"),
    ] = None,
    triplets: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Instead of questions to documents, so many triplets of each of five types, for "
            "tasks that the model thinks of.",
        ),
    ] = None,
    chunk_size: Annotated[
        int | None,
        typer.Option(metavar="CHARACTERS", help="The most of a chunk.  [default: 512]"),
    ] = None,
    language: Annotated[
        str,
        typer.Option(
            help="Of what is written; auto is that of each text, and of triplets English."
        ),
    ] = "auto",
    temperature: Annotated[
        float | None, typer.Option(metavar="NUMBER", help="Of the model.  [default: its own]")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of text files.  [default: utf-8]")
    ] = None,
    as_json: AsJson = False,
):
    """Have a model write pairs to tune on; run again to resume."""
    from textvec.finetune.generate import generate_pairs, generate_triplets
    from textvec.text.documents import load_documents
    from textvec.text.splitters import RecursiveTextSplitter

    if (source is None) == (triplets is None):
        raise ValueError("Give documents, or --triplets NUMBER, and not both.")
    of_documents = {"--questions": questions, "--chunk-size": chunk_size, "--encoding": encoding}
    for option, value in of_documents.items():
        if triplets is not None and value is not None:
            raise ValueError(f"{option} is of documents: it has no effect on --triplets.")
    if out.suffix.lower() != ".jsonl":
        raise ValueError(f"--out must end in .jsonl. Got {str(out)!r} instead.")
    llm: dict = {"model": model, "base_url": base_url}
    llm |= {} if temperature is None else {"temperature": temperature}
    shared = {"path": out, "verbose": sys.stderr.isatty()}
    if source is not None:
        splitter = RecursiveTextSplitter(512 if chunk_size is None else chunk_size)
        passages = load_documents(source, splitter, "utf-8" if encoding is None else encoding)
        n = 2 if questions is None else questions
        made = generate_pairs(llm, passages, n, language=language, **shared)
    else:
        language = "English" if language == "auto" else language
        made = generate_triplets(llm, n=triplets, language=language, **shared)
    done = {
        "out": str(out),
        "records": len(made.records),
        "replies": made.n_replies,
        "parsed": made.n_parsed,
        "unparsed": len(made.unparsed),
    }
    if as_json:
        print_as_json(done)
        return
    records, replies = counted(done["records"], "record"), made.n_replies
    share = f"{made.n_parsed} of {replies} replies could be read ({made.share_parsed:.0%})"
    print_line(f"{records}, {share}: {out}")
    print_line(f"Look at some, then: textvec tune {out} --model MODEL --out tuned")
    print_line("textvec compare --data OTHERS --vectorizer MODEL --vectorizer tuned")
