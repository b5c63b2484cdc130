"""A model's folder with its network in ONNX, in float32 or in int8."""

import os
import shutil
import warnings
from pathlib import Path

from textvec._checks import check_flag, import_optional
from textvec._writing import folder_aside, holds_something, new_folder
from textvec.encoders.model_files import find_model
from textvec.encoders.networks import UNUSED, Rows, check_complete, quiet

_OPSET = 17
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


def export_onnx(model, out, int8=True, revision=None):
    """Write a model so that ONNX Runtime runs it, without PyTorch and in int8 much faster.

    In int8 weights are stored in 8 bits, a scale for each output dimension, and inputs of matrix
    products are brought to 8 bits as they come, a scale for each batch (dynamic quantisation).
    Vectors then differ a little from the original's, and with what else is in the batch.

    Parameters
    ----------
    model : str or path-like
        As in :class:`~textvec.TransformerVectorizer`, for the backend "transformers".
    out : str or path-like
        The folder to write: configuration and tokenizer as they are, and ``model.onnx``.
    int8 : bool, default=True
        Whether to quantise; False keeps float32.
    revision : str, default=None
        Branch, tag or commit of a model on the hub.

    Returns
    -------
    str
        The folder, for ``TransformerVectorizer(folder)``.

    Raises
    ------
    FileExistsError
        If ``out`` holds a ``model.onnx`` already.
    FileNotFoundError, ValueError
        If there is no such model, or it lacks weights or a tokenizer of its own, or ``int8`` is
        neither True nor False.
    ImportError
        If torch, transformers, onnx or onnxruntime is missing.

    References
    ----------
    Jacob et al. 2018, "Quantization and training of neural networks for efficient
    integer-arithmetic-only inference"; ``onnxruntime.quantization.quantize_dynamic``.
    """
    check_flag("int8", int8)
    torch = import_optional("torch", "transformers")
    transformers = import_optional("transformers", "transformers")
    import_optional("onnx", "onnx-export")
    quantization = import_optional("onnxruntime.quantization", "onnx") if int8 else None
    folder, out = find_model(model, revision), Path(out)
    if (out / "model.onnx").exists():
        raise FileExistsError(f"{out / 'model.onnx'} exists. Choose another folder.")
    with quiet(transformers), folder.loading():
        network, report = transformers.AutoModel.from_pretrained(
            folder.path,
            local_files_only=True,
            trust_remote_code=False,
            attn_implementation="eager",
            output_loading_info=True,
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            folder.path, local_files_only=True, trust_remote_code=False
        )
    check_complete(folder, report, UNUSED)
    Rows(folder, tokenizer, network)  # refuses one without its files
    network = network.eval()
    names = [name for name in _INPUTS if name in tokenizer.model_input_names]

    class TokenVectors(torch.nn.Module):
        """The network with its inputs by place and the last layer as its only output."""

        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, *inputs):
            return self.network(**dict(zip(names, inputs))).last_hidden_state

    def write(whole, aside):
        plain, wanted = os.path.join(aside, "plain.onnx"), os.path.join(aside, "model.onnx")
        example = torch.ones((2, 8), dtype=torch.long)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing warns of each branch that it cannot follow
            torch.onnx.export(
                TokenVectors().eval(),
                (example,) * len(names),
                plain,
                dynamo=False,  # the other exporter needs one more package
                input_names=names,
                output_names=["last_hidden_state"],
                dynamic_axes={
                    name: {0: "texts", 1: "tokens"} for name in (*names, "last_hidden_state")
                },
                opset_version=_OPSET,
            )
        if quantization is None:
            wanted = plain
        else:
            quantization.quantize_dynamic(
                plain, wanted, per_channel=True, weight_type=quantization.QuantType.QInt8
            )
        _copy_configuration(folder, whole)
        tokenizer.save_pretrained(whole)  # also where the model has no tokenizer.json
        os.replace(wanted, whole / "model.onnx")

    if holds_something(out):  # such as the model's own folder
        with folder_aside(out) as aside:
            write(out, aside)
    else:
        with new_folder(out) as whole, folder_aside(whole) as aside:
            write(whole, aside)
    return os.fspath(out)


def _copy_configuration(folder, out):
    """Copy what says how vectors are pooled, prompted and compared."""
    for file in folder.path.rglob("*.json"):
        if "onnx" in file.relative_to(folder.path).parts or file.name.endswith("index.json"):
            continue
        target = out / file.relative_to(folder.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
