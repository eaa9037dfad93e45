"""Small random Qwen-VL checkpoints of the true shape, in the layout of published (transformers 4.x) ones."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoConfig, AutoModelForImageTextToText

SPECIAL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|object_ref_start|>",
    "<|object_ref_end|>",
    "<|box_start|>",
    "<|box_end|>",
    "<|quad_start|>",
    "<|quad_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
]
PLAIN_ADDED = ["<tool_call>", "</tool_call>"]

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How the Qwen2 tokenizer cuts text before merging; every digit stands alone."""

TEXT = """
<think> The clip shows a red ball that rolls to the left over a wooden table. </think>
(1) visual quality: 4
(2) text-to-video alignment: 3
(3) physical/common-sense consistency: 2
Judge the video on its visual quality, on the alignment with the prompt and on the physical consistency.
Give each a score from 1 to 5. A cat, a dog, a car and a boat move; water falls; the camera pans slowly.
Müller größe naïve 评分 質量 видео 🎬
"""

TEMPLATE = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ m['role'] }}\n"
    "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for c in m['content'] %}"
    "{% if c['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% elif 'text' in c %}{{ c['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

FAMILIES = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl")


def hub_folder() -> Path | None:
    """A published checkpoint's files without weights: REELJUDGE_HUB, or `hub` beside REELJUDGE_CORPUS."""
    named = os.environ.get("REELJUDGE_HUB")
    corpus = os.environ.get("REELJUDGE_CORPUS")
    folder = Path(named) if named else Path(corpus).parent / "hub" if corpus else None
    return folder if folder is not None and (folder / "qwen2_5_vl" / "tokenizer.json").is_file() else None


def write_checkpoint(
    folder: Path,
    family: str,
    *,
    real_tokenizer: bool = False,
    hidden: int = 64,
    layers: int = 2,
    spread: float = 0.25,
    seed: int = 0,
    tied: bool = False,
    window: int | None = None,
) -> Path:
    """Write a checkpoint with random weights.

    Args:
        real_tokenizer: take tokenizer and settings from `hub_folder()`, which must then exist.
        window: the second layer attends to so many tokens only.
        spread: standard deviation of the matrices; large enough that replies depend on the whole input.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ids, vocabulary = _real_files(folder) if real_tokenizer else _small_files(folder)
    config = _config(family, ids, vocabulary, hidden, layers, tied)
    if window is not None:
        config |= {"use_sliding_window": True, "sliding_window": window, "max_window_layers": 1}
    _write(folder / "config.json", config)
    if family == "qwen3_vl":
        _write(folder / "preprocessor_config.json", _preprocessor(family))
        video = _preprocessor(family) | {"video_processor_type": "Qwen3VLVideoProcessor"}
        _write(folder / "video_preprocessor_config.json", video)
    elif not real_tokenizer or family != "qwen2_5_vl":
        _write(folder / "preprocessor_config.json", _preprocessor(family))
    torch.manual_seed(seed)
    model = AutoModelForImageTextToText.from_config(AutoConfig.from_pretrained(folder))
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=spread * min(1.0, (64 / parameter[0].numel()) ** 0.5))
    save_weights(model, folder, family)
    return folder


def save_weights(model: Any, folder: Path, family: str) -> None:
    """Write the weights under their published names: visual.*, model.*, lm_head.* before Qwen3-VL."""
    weights = {}
    for name, tensor in model.state_dict().items():
        if family != "qwen3_vl":
            name = name.replace("model.language_model.", "model.").replace("model.visual.", "visual.")
        if name != "lm_head.weight" or not model.config.tie_word_embeddings:
            weights[name] = tensor.detach().clone().contiguous()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def _config(
    family: str, ids: dict[str, int], vocabulary: int, hidden: int, layers: int, tied: bool
) -> dict[str, Any]:
    heads, size = hidden // 16, 16
    text = {
        "hidden_size": hidden,
        "intermediate_size": hidden * 2,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "num_key_value_heads": max(1, heads // 2),
        "hidden_act": "silu",
        "max_position_embeddings": 32768,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "vocab_size": vocabulary,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
    }
    tokens = {
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "tie_word_embeddings": tied,
    }
    vision: dict[str, Any] = {"depth": 2, "num_heads": 2, "patch_size": 14, "spatial_merge_size": 2}
    vision |= {"temporal_patch_size": 2}
    rope = {"mrope_section": [2, 3, 3]}
    if family == "qwen3_vl":
        vision |= {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": hidden, "patch_size": 16}
        vision |= {"num_position_embeddings": 256, "deepstack_visual_indexes": [0, 1], "in_channels": 3}
        text |= {
            "head_dim": size,
            "rope_scaling": rope | {"rope_type": "default", "mrope_interleaved": True},
            "model_type": "qwen3_vl_text",
        }
        return tokens | {
            "architectures": ["Qwen3VLForConditionalGeneration"],
            "model_type": family,
            "text_config": text,
            "vision_config": vision | {"model_type": family},
        }
    shared = {
        "model_type": family,
        "vision_token_id": ids["<|vision_pad|>"],
        "max_window_layers": layers,
        "use_sliding_window": False,
        "sliding_window": 32768,
        "torch_dtype": "float32",
        "transformers_version": "4.41.2",
        "rope_scaling": rope | {"type": "mrope"},
    }
    if family == "qwen2_vl":
        vision |= {"embed_dim": 32, "mlp_ratio": 4, "in_chans": 3, "hidden_size": hidden}
        shared["architectures"] = ["Qwen2VLForConditionalGeneration"]
    else:
        vision |= {"hidden_size": 32, "intermediate_size": 64, "out_hidden_size": hidden, "in_chans": 3}
        vision |= {"window_size": 112, "fullatt_block_indexes": [1], "tokens_per_second": 2}
        shared["architectures"] = ["Qwen2_5_VLForConditionalGeneration"]
    return text | tokens | shared | {"vision_config": vision}


def _preprocessor(family: str) -> dict[str, Any]:
    old = family != "qwen3_vl"
    processor = {"qwen2_vl": "Qwen2VL", "qwen2_5_vl": "Qwen2_5_VL", "qwen3_vl": "Qwen3VL"}[family]
    return {
        "patch_size": 14 if old else 16,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "image_mean": [0.48145466, 0.4578275, 0.40821073] if old else [0.5, 0.5, 0.5],
        "image_std": [0.26862954, 0.26130258, 0.27577711] if old else [0.5, 0.5, 0.5],
        "size": {"shortest_edge": 3136, "longest_edge": 12845056},
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": f"{processor}Processor",
    }


def _real_files(folder: Path) -> tuple[dict[str, int], int]:
    source = hub_folder()
    assert source is not None
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.json", "generation_config.json"):
        shutil.copyfile(source / "qwen2_5_vl" / name, folder / name)
    shutil.copyfile(source / "qwen2_5_vl" / "preprocessor_config.json", folder / "preprocessor_config.json")
    added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]
    return {token["content"]: token["id"] for token in added}, 152064


def _small_files(folder: Path) -> tuple[dict[str, int], int]:
    """A byte-level BPE tokenizer of the same scheme, trained on a few sentences."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=512, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in PLAIN_ADDED])
    tokenizer.save(str(folder / "tokenizer.json"))
    ids = {token: tokenizer.token_to_id(token) for token in SPECIAL}
    _write(
        folder / "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "bos_token": None,
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "unk_token": None,
            "errors": "replace",
            "model_max_length": 131072,
            "tokenizer_class": "Qwen2Tokenizer",
        },
    )
    _write(folder / "chat_template.json", {"chat_template": TEMPLATE})
    _write(
        folder / "generation_config.json",
        {
            "bos_token_id": ids["<|endoftext|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "do_sample": True,
            "eos_token_id": [ids["<|im_end|>"], ids["<|endoftext|>"]],
            "repetition_penalty": 1.05,
            "temperature": 1e-6,
        },
    )
    return ids, -(-tokenizer.get_vocab_size() // 16) * 16


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1))
