"""Checkpoints, adapters and devices: what is loaded is complete and known; what is not gets one line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
import torch
from conftest import make_frames, make_request
from huggingface_hub.errors import LocalEntryNotFoundError, OfflineModeIsEnabled
from peft import LoraConfig, get_peft_model
from plain_transformers import PlainQwen
from qwen_checkpoints import FAMILIES
from safetensors.torch import load_file, save_file
from transformers import AutoModelForImageTextToText

from reeljudge.errors import InputError, JudgeError, UsageError
from reeljudge.judges import JudgeOptions, open_judge
from reeljudge.judges.local import loading, open_local
from reeljudge.judges.local.checkpoint import find_checkpoint, fingerprint
from reeljudge.judges.local.judge import LocalJudge
from reeljudge.rubrics import Rubric

CPU = JudgeOptions(device="cpu", dtype="float32")


@pytest.fixture
def copy(checkpoint: Callable[..., Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint("qwen2_5_vl"), tmp_path / "copy"))


def change_json(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


# Identity


def test_identity_says_what_decides_an_answer(judge: Callable[..., LocalJudge], checkpoint) -> None:
    identity = judge().identity()
    assert json.loads(json.dumps(identity)) == identity
    assert identity["checkpoint"] == str(checkpoint("qwen2_5_vl"))
    assert identity["model_type"] == "qwen2_5_vl"
    assert identity["revision"] == fingerprint(checkpoint("qwen2_5_vl"))
    assert (identity["dtype"], identity["device"], identity["attention"]) == ("float32", "cpu", "sdpa")
    assert identity["versions"]["torch"] == torch.__version__
    assert (identity["adapter"], identity["load_in"]) == (None, None)
    assert judge().name == f"hf:{checkpoint('qwen2_5_vl')}"


def test_a_fingerprint_changes_with_anything_that_matters(copy: Path) -> None:
    first = fingerprint(copy)
    assert fingerprint(copy) == first
    (copy / "README.md").write_text("words")
    assert fingerprint(copy) == first
    seen = {first}
    weights = load_file(copy / "model.safetensors")
    weights["lm_head.weight"] = weights["lm_head.weight"] + 1e-3  # same names, shapes and size
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    seen.add(fingerprint(copy))
    change_json(copy / "generation_config.json", repetition_penalty=1.2)
    seen.add(fingerprint(copy))
    assert len(seen) == 3


def test_a_hub_snapshot_is_known_by_its_commit(copy: Path, tmp_path: Path, monkeypatch) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    snapshot = tmp_path / "snapshots" / commit
    shutil.copytree(copy, snapshot)
    asked = {}

    def snapshot_download(name: str, **options: object) -> str:
        asked.update(options, name=name)
        return str(snapshot)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    found = find_checkpoint("owner/name", "main")
    assert (found.name, found.revision, found.folder) == ("owner/name", commit, snapshot)
    assert (asked["name"], asked["revision"]) == ("owner/name", "main")
    assert set(asked["allow_patterns"]) == {"*.json", "*.safetensors", "*.txt", "*.jinja"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [False, True])
def test_published_names_of_weights_load(checkpoint: Callable[..., Path], family: str, tied: bool) -> None:
    folder = checkpoint(family, tied=tied)
    names = set(load_file(folder / "model.safetensors"))
    if family != "qwen3_vl":
        assert {name.split(".")[0] for name in names} == {"visual", "model", *([] if tied else ["lm_head"])}
        assert not any("language_model" in name for name in names)
    judge = open_local(str(folder), CPU)
    stored = load_file(folder / "model.safetensors")
    query = next(name for name in names if name.endswith("layers.1.self_attn.q_proj.weight"))
    loaded = judge._network._language.layers[1].self_attn.q_proj.weight
    assert torch.equal(loaded, stored[query])
    judge.close()


# Files that cannot be used


def test_files_that_are_missing_are_named(copy: Path) -> None:
    for file in (
        "chat_template.json",
        "preprocessor_config.json",
        "tokenizer.json",
        "model.safetensors",
        "config.json",
    ):
        (copy / file).unlink()
        with pytest.raises(InputError, match=f"lacks {file}"):
            find_checkpoint(str(copy))


def test_a_missing_shard_is_named(copy: Path) -> None:
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    (copy / "model.safetensors").rename(copy / "model-1.safetensors")
    with pytest.raises(InputError, match=r"lacks model-2\.safetensors"):
        find_checkpoint(str(copy))


def test_pickled_weights_are_never_loaded(copy: Path) -> None:
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"pickled weights.*pytorch_model\.bin"):
        find_checkpoint(str(copy))


def test_weights_that_are_not_there_are_an_error_and_not_random(copy: Path) -> None:
    weights = load_file(copy / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"1 weights are missing.*layers\.1\.mlp\.up_proj"):
        open_local(str(copy), CPU)


def test_weights_of_another_shape_are_an_error(copy: Path) -> None:
    change_json(copy / "config.json", intermediate_size=96)
    with pytest.raises(InputError, match="copy"):
        open_local(str(copy), CPU)


def test_broken_files_are_one_line(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"not a safetensors file at all")
    with pytest.raises(InputError, match="cannot be loaded") as error:
        open_local(str(copy), CPU)
    assert "\n" not in str(error.value)
    (copy / "config.json").write_text("{")
    with pytest.raises(InputError, match=r"config\.json is not valid JSON"):
        find_checkpoint(str(copy))


def test_other_models_are_refused(copy: Path) -> None:
    change_json(copy / "config.json", model_type="llava")
    with pytest.raises(
        InputError, match=r"no Qwen-VL checkpoint \(model_type 'llava'\).*Qwen2\.5-VL.*served:MODEL"
    ):
        find_checkpoint(str(copy))


def test_remote_code_is_never_run(copy: Path) -> None:
    (copy / "evil.py").write_text("raise SystemExit('remote code was run')")
    auto = {
        "AutoConfig": "evil.Config",
        "AutoModelForImageTextToText": "evil.Model",
        "AutoProcessor": "evil.P",
    }
    change_json(copy / "config.json", auto_map=auto)
    change_json(copy / "preprocessor_config.json", auto_map=auto)
    open_local(str(copy), CPU).close()


# Wrong usage


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("./nowhere", "no such checkpoint folder"),
        ("a/b/c", "OWNER/NAME"),
        ("name", "OWNER/NAME"),
    ],
)
def test_what_is_no_checkpoint(target: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_local(target, JudgeOptions())


def test_wrong_usage_with_a_folder(copy: Path) -> None:
    with pytest.raises(UsageError, match="--revision is for hub repositories"):
        open_local(str(copy), JudgeOptions(revision="main"))
    with pytest.raises(UsageError, match="is a file"):
        open_local(str(copy / "config.json"), CPU)
    with pytest.raises(UsageError, match="no such device"):
        open_local(str(copy), JudgeOptions(device="cuda:99"))
    with pytest.raises(UsageError, match="no such device"):
        open_local(str(copy), JudgeOptions(device="toaster"))
    with pytest.raises(UsageError, match="no such device"):
        open_local(str(copy), JudgeOptions(device="meta"))


def test_quantisation_says_what_it_needs(copy: Path, monkeypatch) -> None:
    with pytest.raises(UsageError, match="--load-in 4bit needs a CUDA GPU"):
        open_local(str(copy), JudgeOptions(device="cpu", load_in="4bit"))
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install bitsandbytes"):
        loading._quantisation("8bit", torch.device("cuda"), torch.bfloat16)


def test_quantisation_leaves_the_vision_tower_alone(monkeypatch) -> None:
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: object())
    four = loading._quantisation("4bit", torch.device("cuda"), torch.bfloat16)
    assert four.load_in_4bit
    assert (four.bnb_4bit_compute_dtype, four.bnb_4bit_quant_type) == (torch.bfloat16, "nf4")
    assert four.llm_int8_skip_modules == ["model.visual", "lm_head"]
    assert loading._quantisation("8bit", torch.device("cuda"), torch.bfloat16).load_in_8bit
    assert loading._quantisation(None, torch.device("cpu"), torch.float32) is None


@pytest.mark.parametrize("error", [LocalEntryNotFoundError("x"), OfflineModeIsEnabled("x"), OSError("proxy")])
def test_an_unreachable_hub_says_how_to_go_on(monkeypatch, error: Exception) -> None:
    def snapshot_download(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    with pytest.raises(JudgeError, match=r"'owner/name' is not in the cache.*connect once, or give the path"):
        open_judge("hf:owner/name")
    with pytest.raises(JudgeError, match="VideoScore2"):
        open_judge("videoscore2")


def test_offline_and_not_in_the_cache(monkeypatch, tmp_path: Path) -> None:
    """The true client, told to stay offline."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(JudgeError, match="hub cannot be reached"):
        find_checkpoint("nobody/nothing-of-the-kind")


# dtype and device


def test_dtype_suits_the_device(monkeypatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(loading, "_machine_bytes", lambda: 16_000_000_000)
    assert loading.choose_dtype(None, cpu, 8_000_000_000) == torch.float32
    assert loading.choose_dtype("auto", cpu, 8_000_000_001) == torch.bfloat16
    assert loading.choose_dtype("float16", cpu, 1) == torch.float16
    assert loading.choose_dtype(None, torch.device("meta"), 1) == torch.bfloat16


def test_float32_size_counts_from_the_stored_dtype(checkpoint: Callable[..., Path]) -> None:
    found = find_checkpoint(str(checkpoint("qwen2_5_vl")))
    assert loading._float32_bytes(found) == found.weight_bytes  # stored in float32
    found.config["torch_dtype"] = "bfloat16"
    assert loading._float32_bytes(found) == 2 * found.weight_bytes


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_judge_runs_in_the_dtype_it_states(checkpoint, rubric: Rubric, dtype: str) -> None:
    judge = open_local(str(checkpoint("qwen2_5_vl")), JudgeOptions(device="cpu", dtype=dtype))
    assert judge.identity()["dtype"] == dtype
    answers = judge.answer([make_request(rubric, make_frames(i), max_tokens=6) for i in range(3)])
    assert [answer.replies[0].tokens for answer in answers] == [6, 6, 6]
    judge.close()
    judge.close()
    with pytest.raises(JudgeError, match="is closed"):
        judge.answer([make_request(rubric, make_frames(0))])


def test_memory_of_a_full_batch_by_hand(judge: Callable[..., LocalJudge]) -> None:
    # 2 (keys and values) x 2 layers x 2 heads x 16 numbers x 4 bytes = 512 bytes per token.
    assert judge().memory_bytes(tokens=100, replies=1) == 51_200
    assert judge().memory_bytes(tokens=100) == 51_200 * judge().batch_size


# Adapters


@pytest.fixture(scope="module")
def adapter(checkpoint: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA adapter that changes replies."""
    model = AutoModelForImageTextToText.from_pretrained(checkpoint("qwen2_5_vl"))
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "v_proj", "down_proj"]))
    torch.manual_seed(1)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    folder = tmp_path_factory.mktemp("adapter")
    adapted.save_pretrained(folder)
    return folder


def test_an_adapter_changes_replies_as_peft_does(checkpoint, adapter: Path, judge, rubric: Rubric) -> None:
    from peft import PeftModel

    base = checkpoint("qwen2_5_vl")
    plain = PlainQwen(base)
    plain.model = PeftModel.from_pretrained(plain.model, adapter)
    request = make_request(rubric, make_frames(0), "How good?")
    expected = plain.decode(plain.greedy(plain.inputs_of(make_frames(0), "How good?"), 24))
    adapted = open_local(str(base), JudgeOptions(device="cpu", dtype="float32", adapter=str(adapter)))
    assert adapted.answer([request])[0].replies[0].text == expected
    assert judge().answer([request])[0].replies[0].text != expected
    identity = adapted.identity()
    assert identity["adapter"] == {"name": str(adapter), "revision": fingerprint(adapter)}
    assert "peft" in identity["versions"]
    assert identity["revision"] == judge().identity()["revision"]


def test_an_adapter_is_kept_apart_in_half_precision(checkpoint, adapter: Path, rubric: Rubric) -> None:
    options = JudgeOptions(device="cpu", dtype="bfloat16", adapter=str(adapter))
    judge = open_local(str(checkpoint("qwen2_5_vl")), options)
    assert "lora" in type(judge._network._language.layers[0].self_attn.q_proj).__module__
    assert judge.answer([make_request(rubric, make_frames(0), max_tokens=5)])[0].replies[0].tokens == 5


def test_an_adapter_named_as_before_transformers_5_is_applied(
    checkpoint, adapter: Path, tmp_path: Path, rubric: Rubric
) -> None:
    old = Path(shutil.copytree(adapter, tmp_path / "old"))
    weights = load_file(old / "adapter_model.safetensors")
    renamed = {name.replace("model.language_model.", "model."): value for name, value in weights.items()}
    assert set(renamed) != set(weights)
    save_file(renamed, old / "adapter_model.safetensors", metadata={"format": "pt"})
    request = make_request(rubric, make_frames(0))
    texts = []
    for folder in (adapter, old):
        options = JudgeOptions(device="cpu", dtype="float32", adapter=str(folder))
        judge = open_local(str(checkpoint("qwen2_5_vl")), options)
        texts.append(judge.answer([request])[0].replies[0].text)
    assert texts[0] == texts[1]


@pytest.mark.parametrize("other", [{"hidden": 96}, {"layers": 1}, {"family": "qwen3_vl"}])
def test_an_adapter_of_another_base_is_refused(checkpoint, adapter: Path, other: dict[str, object]) -> None:
    family = str(other.pop("family", "qwen2_5_vl"))
    folder = checkpoint(family, **other)
    with pytest.raises(InputError, match="does not fit") as error:
        open_local(str(folder), JudgeOptions(device="cpu", dtype="float32", adapter=str(adapter)))
    assert str(checkpoint("qwen2_5_vl")) in str(error.value)


def test_adapters_that_cannot_be_used(checkpoint, adapter: Path, tmp_path: Path) -> None:
    base = str(checkpoint("qwen2_5_vl"))
    with pytest.raises(UsageError, match="is an adapter, not a checkpoint"):
        open_local(str(adapter), CPU)
    bad = Path(shutil.copytree(adapter, tmp_path / "bad"))
    (bad / "adapter_model.safetensors").rename(bad / "adapter_model.bin")
    with pytest.raises(InputError, match=r"lacks adapter_model\.safetensors"):
        open_local(base, JudgeOptions(adapter=str(bad)))
    change_json(bad / "adapter_config.json", peft_type="PREFIX_TUNING")
    with pytest.raises(InputError, match="PREFIX_TUNING"):
        open_local(base, JudgeOptions(adapter=str(bad)))
    with pytest.raises(UsageError, match="no such adapter folder"):
        open_local(base, JudgeOptions(adapter="./nothing"))
