"""From a checkpoint's files to a network in memory: dtype, device, quantisation, adapter."""

import importlib.util
import os
import re
import sys
import warnings
from dataclasses import dataclass
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoModelForImageTextToText, AutoProcessor, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging

from reeljudge.errors import InputError, JudgeError, UsageError
from reeljudge.judges.local.checkpoint import Adapter, Checkpoint
from reeljudge.judges.local.memory import is_out_of_memory
from reeljudge.judges.options import JudgeOptions

ATTENTION = "sdpa"
"""torch's scaled_dot_product_attention: it takes left-padded batches and picks the device's best kernel."""

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

CPU_SHARE = 0.5
"""On a CPU, weights are float32 where they take at most this share of the machine's memory."""

BROKEN = (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, SafetensorError)
"""What transformers raises on files that it cannot use."""


@dataclass(frozen=True)
class Loaded:
    """A network in memory, with the processor that goes with it."""

    model: Any
    processor: Any
    device: torch.device
    dtype: torch.dtype


def choose_device(wanted: str | None) -> torch.device:
    """The device that a user names; by default CUDA where there is one, else the CPU."""
    if wanted is None or wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"--device {wanted}: this machine has no such device for torch {torch.__version__}; "
            "try --device cpu, or install the torch build for it"
        ) from error
    return device


def choose_dtype(wanted: str | None, device: torch.device, float32_bytes: int) -> torch.dtype:
    """The dtype that a user names, or what suits the device.

    CUDA: bfloat16 where the GPU has it (Ampere and later), else float16. CPU: float32 where such weights
    take at most half of the machine's memory, else bfloat16. Other devices: bfloat16.
    """
    if wanted is not None and wanted != "auto":
        return DTYPES[wanted]
    if device.type == "cuda":
        with torch.cuda.device(device):
            native = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if native else torch.float16
    if device.type == "cpu" and float32_bytes <= CPU_SHARE * _machine_bytes():
        return torch.float32
    return torch.bfloat16


def load(checkpoint: Checkpoint, adapter: Adapter | None, options: JudgeOptions) -> Loaded:
    """Load the checkpoint's weights and processor; nothing foreign is run.

    Raises:
        UsageError: an option that does not go with this machine.
        InputError: files that cannot be used, or that leave weights unset.
        JudgeError: not enough memory.
    """
    device = choose_device(options.device)
    dtype = choose_dtype(options.dtype, device, _float32_bytes(checkpoint))
    quantisation = _quantisation(options.load_in, device, dtype)
    if not sys.stderr.isatty():
        transformers_logging.disable_progress_bar()  # a bar is for people who wait for 16 GB
    try:
        processor = AutoProcessor.from_pretrained(checkpoint.folder, trust_remote_code=False)
        loaded: Any = AutoModelForImageTextToText.from_pretrained(
            checkpoint.folder,
            dtype=dtype,
            device_map={"": device},
            attn_implementation=ATTENTION,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **({"quantization_config": quantisation} if quantisation is not None else {}),
        )
    except BROKEN as error:
        if is_out_of_memory(error):
            raise JudgeError(
                f"{checkpoint.name} does not fit on {device} in {str(dtype).removeprefix('torch.')}: "
                "take --dtype bfloat16, --load-in 4bit or another --device"
            ) from error
        raise InputError(f"{checkpoint.name} cannot be loaded: {first_line(error)}") from error
    model, report = loaded
    # transformers fills weights that it misses with random numbers, and judges would answer at random.
    for kind in ("missing_keys", "mismatched_keys"):
        if report[kind]:
            keys = sorted(str(key) for key in report[kind])
            raise InputError(
                f"{checkpoint.name}: {len(keys)} weights are missing or of another shape ({keys[0]}, ...): "
                "its files are incomplete, or config.json belongs to another checkpoint"
            )
    if adapter is not None:
        merge = quantisation is None and dtype == torch.float32
        model = _with_adapter(model, adapter, checkpoint, merge)
    return Loaded(model.eval().requires_grad_(False), processor, device, dtype)


def first_line(error: BaseException) -> str:
    """An error of another library's as one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _quantisation(load_in: str | None, device: torch.device, dtype: torch.dtype) -> Any:
    if load_in is None:
        return None
    if device.type != "cuda":
        raise UsageError(
            f"--load-in {load_in} needs a CUDA GPU, and the device is {device}: leave it out here"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise UsageError(f"--load-in {load_in} needs bitsandbytes: pip install bitsandbytes")
    # The vision tower is small, and what it loses in 4 bits is lost for every question.
    kept = ["model.visual", "lm_head"]
    if load_in == "4bit":
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_compute_dtype=dtype,
            bnb_4bit_use_double_quant=True,
            llm_int8_skip_modules=kept,
        )
    return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=kept)


def _with_adapter(model: Any, adapter: Adapter, checkpoint: Checkpoint, merge: bool) -> Any:
    """The model with the adapter in it; merged where float32 makes that exact."""
    from peft import PeftConfig, PeftModel
    from peft.utils.save_and_load import load_peft_weights, set_peft_model_state_dict

    stranger = InputError(
        f"adapter {adapter.name!r} does not fit {checkpoint.name}: it was made for "
        f"{adapter.config.get('base_model_name_or_path') or 'another base'}"
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # peft warns of what is checked below
            config = PeftConfig.from_pretrained(str(adapter.folder))
            config.inference_mode = True
            adapted = PeftModel(model, config)
            weights = load_peft_weights(str(adapter.folder), device="cpu")
            renamed = {_present_name(name): tensor for name, tensor in weights.items()}
            result: Any = set_peft_model_state_dict(adapted, renamed)
    except BROKEN as error:
        raise stranger from error
    # peft leaves weights that it misses at zero, and the adapter would silently do nothing.
    if [key for key in result.missing_keys if "lora_" in key] or result.unexpected_keys:
        raise stranger
    return adapted.merge_and_unload(safe_merge=True) if merge else adapted


def _present_name(name: str) -> str:
    """An adapter weight's name since transformers 5; before, Qwen2(.5)-VL had `model.*` and `visual.*`."""
    name = re.sub(r"^base_model\.model\.visual\.", "base_model.model.model.visual.", name)
    older = r"^base_model\.model\.model\.(?!language_model\.|visual\.)"
    return re.sub(older, "base_model.model.model.language_model.", name)


def _float32_bytes(checkpoint: Checkpoint) -> int:
    """Bytes of the weights in float32, from the dtype that config.json states for the files."""
    config = checkpoint.config
    stored = str(config.get("torch_dtype") or config.get("dtype") or "bfloat16").removeprefix("torch.")
    return checkpoint.weight_bytes * 4 // DTYPES.get(stored, torch.bfloat16).itemsize


def _machine_bytes() -> int:
    """Memory of the machine; not what is free now, so that a resumed run gets the same dtype."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # no sysconf on Windows
        return 1 << 62
