"""The served judge against a real server: `transformers serve` with a small random Qwen2.5-VL checkpoint."""

import base64
import importlib.util
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from asking import a_request, some_frames
from PIL import Image

from reeljudge.clips import FrameSettings, Limits, decode_here
from reeljudge.errors import JudgeError
from reeljudge.judges import Answer, JudgeOptions, Request, open_judge
from reeljudge.judges.served.judge import messages
from reeljudge.judges.served.pictures import encode_frames

pytestmark = pytest.mark.slow

START_SECONDS = 180
DROPPED = ["min_p", "repetition_penalty", "top_k"]


def checkpoints() -> ModuleType:
    """The local judge's tests know how to write one."""
    for package in ("torch", "transformers", "fastapi", "uvicorn", "openai"):
        pytest.importorskip(
            package, reason=f"transformers serve needs {package}: pip install 'transformers[serving]'"
        )
    path = Path(__file__).parents[1] / "local" / "qwen_checkpoints.py"
    spec = importlib.util.spec_from_file_location("qwen_checkpoints", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    module = checkpoints()
    real = module.hub_folder() is not None
    folder: Path = module.write_checkpoint(
        tmp_path_factory.mktemp("served") / "tiny", "qwen2_5_vl", real_tokenizer=real
    )
    if not real:
        template = folder / "chat_template.json"
        video = "{% if c['type'] == 'video' %}"
        image = "{% if c['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
        template.write_text(template.read_text().replace(video, image + video.replace("{% if", "{% elif")))
    return folder


@pytest.fixture(scope="module")
def url(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = shutil.which("transformers", path=str(Path(sys.executable).parent)) or shutil.which(
        "transformers"
    )
    if command is None:
        pytest.skip("the `transformers` command is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("log") / "serve.log"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    with log.open("wb") as output:
        options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
        process = subprocess.Popen(
            [command, "serve", str(checkpoint), *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"transformers serve did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture
def judge(checkpoint: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    opened = open_judge(f"served:{checkpoint}", JudgeOptions(base_url=url, concurrency=2, timeout=120.0))
    yield opened
    opened.close()


def some_requests(count: int) -> list[Request]:
    shown = [some_frames(4, 56, 84, seed=seed) for seed in range(count)]
    return [
        a_request(f"c{seed}", name, frames, text=f"How is the {name}?", max_tokens=24)
        for seed, frames in enumerate(shown)
        for name in ("quality", "motion")
    ]


def written(answers: list[Answer]) -> list[str]:
    assert [answer.error for answer in answers] == [None] * len(answers)
    return [answer.replies[0].text for answer in answers]


def test_what_it_is_told_about_itself(judge: Any, checkpoint: Path, url: str) -> None:
    identity = judge.identity()
    assert identity["model"] == str(checkpoint)
    assert identity["base_url"] == url
    assert identity["dropped_fields"] == DROPPED
    assert identity["top_logprobs"] is None


def test_replies_are_the_same_each_time_and_in_any_batch(judge: Any) -> None:
    asked = some_requests(3)
    together = judge.answer(asked)
    texts = written(together)
    assert len(set(texts)) == len(texts)  # they depend on frames and question
    assert written([judge.answer([request])[0] for request in asked]) == texts
    reply = together[0].replies[0]
    assert reply.tokens == 24
    assert reply.finish == "length"
    assert f"the server does not take {', '.join(DROPPED)}: dropped" in together[0].notes
    assert any("no log probabilities" in note for note in together[0].notes)


def test_greedy_means_greedy(judge: Any, checkpoint: Path) -> None:
    """The reply is the one of a plain greedy generation from the very frames: the checkpoint's own
    repetition penalty (1.05) does not apply, and no picture was lost, scaled or put in another order."""
    torch = pytest.importorskip("torch")
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(checkpoint)
    model = AutoModelForImageTextToText.from_pretrained(checkpoint, dtype=torch.float32).eval()
    asked = some_requests(2)
    plain, penalised = [], []
    for request in asked:
        encoded = encode_frames(request.frames[0], "images", 2)
        conversation = [_as_pictures(message) for message in messages(request, [encoded])]
        inputs = processor.apply_chat_template(
            conversation, tokenize=True, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        assert inputs["image_grid_thw"].tolist() == [[1, 4, 6]] * 4
        for found, penalty in ((plain, 1.0), (penalised, None)):
            settings = {} if penalty is None else {"repetition_penalty": penalty}
            with torch.no_grad():
                out = model.generate(**inputs, do_sample=False, max_new_tokens=24, **settings)
            new = out[0, inputs["input_ids"].shape[1] :]
            found.append(processor.decode(new, skip_special_tokens=True))
    assert plain != penalised  # else this would show nothing
    served = [re.sub(r"<\|\w+\|>", "", text) for text in written(judge.answer(asked))]
    assert served == plain  # the server leaves special tokens in the text


def _as_pictures(message: dict[str, Any]) -> dict[str, Any]:
    parts = []
    for part in message["content"]:
        if part["type"] == "image_url":
            data = part["image_url"]["url"].split(",")[1]
            part = {"type": "image", "image": Image.open(io.BytesIO(base64.b64decode(data)))}
        parts.append(part)
    return {**message, "content": parts}


def test_samples_differ_and_come_again(judge: Any) -> None:
    request = a_request(frames=some_frames(4, 56, 84), samples=3, temperature=1.0, seed=3, max_tokens=16)
    (first,) = judge.answer([request])
    assert first.error is None
    assert len({reply.text for reply in first.replies}) == 3


def test_another_model_is_one_clear_line(url: str) -> None:
    judge = open_judge("served:somebody/else", JudgeOptions(base_url=url, retries=0))
    with pytest.raises(JudgeError, match="does not serve the model 'somebody/else'"):
        judge.identity()
    judge.close()


def test_a_list_of_frames_as_a_video_is_one_clear_line(checkpoint: Path, url: str) -> None:
    options = JudgeOptions(base_url=url, send_as="video", retries=0, timeout=60.0)
    judge = open_judge(f"served:{checkpoint}", options)
    with pytest.raises(JudgeError, match="--send-as images"):
        judge.identity()
    judge.close()


@pytest.mark.corpus
def test_real_clips(judge: Any) -> None:
    corpus = os.environ.get("REELJUDGE_CORPUS")
    if not corpus:
        pytest.skip("needs real clips: set REELJUDGE_CORPUS")
    settings = FrameSettings(rule="uniform:4", max_pixels=128 * 28 * 28)
    clips = sorted(Path(corpus, "videos").glob("*.mp4"))[::20]
    asked = [
        a_request(path.stem, frames=decode_here(path, settings, Limits()), max_tokens=16) for path in clips
    ]
    assert len(asked) >= 3
    assert all(written(judge.answer(asked)))
