"""The command `textvec`, with all loaded that an encoder needs."""

import sys

import sentence_transformers  # noqa: F401
import torch  # noqa: F401
import transformers

import textvec.cli
import textvec.encoders.networks

transformers.BertModel, transformers.AutoTokenizer  # noqa: B018  (names that load late)


def command(*arguments):
    """Run it as a shell would."""
    sys.argv = ["textvec", *arguments]
    textvec.cli.main()


WORKS = {"command": command}
