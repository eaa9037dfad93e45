"""New small checkpoints of the true class, in the layout of a published one."""

from pathlib import Path
from typing import Any

from reeljudge.training.config import Shape
from reeljudge.training.tokenizer import CHAT_TEMPLATE


def new_model(shape: Shape, tokenizer: Any, seed: int = 0) -> Any:
    """A `Qwen2_5_VLForConditionalGeneration` with random weights (float32)."""
    import torch
    from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    ids = tokenizer.convert_tokens_to_ids
    head = shape.size // shape.heads // 2
    section = [head - 2 * (3 * head // 8), 3 * head // 8, 3 * head // 8]
    end, pad = ids("<|im_end|>"), ids("<|endoftext|>")
    special = {"bos_token_id": pad, "eos_token_id": end, "pad_token_id": pad}
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": shape.size,
            "intermediate_size": shape.inner,
            "num_hidden_layers": shape.depth,
            "max_window_layers": shape.depth,
            "num_attention_heads": shape.heads,
            "num_key_value_heads": shape.kv_heads,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 2048,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": section},
            "tie_word_embeddings": True,
            **special,
        },
        vision_config={
            "depth": shape.vision_depth,
            "hidden_size": shape.vision_size,
            "intermediate_size": shape.vision_inner,
            "num_heads": shape.vision_heads,
            "patch_size": shape.patch,
            "spatial_merge_size": shape.merge,
            "temporal_patch_size": 2,
            "window_size": shape.side,
            "fullatt_block_indexes": list(range(shape.vision_depth)),
            "out_hidden_size": shape.size,
            "tokens_per_second": 2,
        },
        video_token_id=ids("<|video_pad|>"),
        image_token_id=ids("<|image_pad|>"),
        vision_start_token_id=ids("<|vision_start|>"),
        vision_end_token_id=ids("<|vision_end|>"),
        tie_word_embeddings=True,
        **special,
    )
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=[end, pad], pad_token_id=pad)
    return model


def new_processor(shape: Shape, tokenizer: Any) -> Any:
    """The processor that goes with it."""
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor, Qwen2VLVideoProcessor

    pixels: dict[str, Any] = {"min_pixels": shape.side**2, "max_pixels": shape.side**2}
    size = {"shortest_edge": shape.side**2, "longest_edge": shape.side**2}
    sizes: dict[str, Any] = {
        "patch_size": shape.patch,
        "merge_size": shape.merge,
        "temporal_patch_size": 2,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(size=size, **pixels, **sizes),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(size=size, **pixels, **sizes),
        chat_template=CHAT_TEMPLATE,
    )


def save_checkpoint(folder: Path, model: Any, processor: Any, dtype: Any = None) -> None:
    """Write weights (safetensors), configuration, tokenizer and processor."""
    import copy

    folder.mkdir(parents=True, exist_ok=True)
    if dtype is not None:
        model = copy.deepcopy(model).to(dtype)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
