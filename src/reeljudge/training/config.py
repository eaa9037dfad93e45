"""The settings of the recipes. One frozen model per recipe: documentation, YAML and record in one."""

from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reeljudge.clips import FrameSettings
from reeljudge.errors import InputError, UsageError, did_you_mean


class Settings(BaseModel):
    """Base of every recipe's settings: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SynthSource(Settings):
    """Synthetic clips that are drawn while training: no files, never the same clip twice."""

    seed: int = Field(1, description="Seed of the set.")
    count: int = Field(description="Number of clips.")
    first: int = Field(0, description="Index of the first clip.")
    split: Literal["train", "test"] = Field("train", description="Prompts of `test` never occur in `train`.")
    side: int = Field(64, description="Pixels per side of the drawn frames.")
    reasoning: bool = Field(True, description="False: replies hold the answer alone.")
    stages: tuple[str, ...] | None = Field(
        None, description="Rubrics with stages: keep these before the answer; None keeps all."
    )
    dimensions: tuple[str, ...] | None = Field(
        None, description="Rubrics with a reply per dimension: ask for these; None asks for all."
    )
    wording: Literal["varied", "plain"] = Field(
        "varied",
        description="varied: sentences in many forms; plain: one form each, and every step is written.",
    )
    camera: float = Field(
        0.5, ge=0, le=1, description="Share of clips that get the small losses of a written and decoded file."
    )


class FrameOptions(Settings):
    """Which frames a judge is trained on. Unset: what the checkpoint takes when it judges."""

    rule: str | None = Field(None, description="qwen, keyframes or uniform:N.")
    fps: float | None = Field(None, description="Frames per second of the qwen rule.")
    min_frames: int | None = Field(None, description="Fewest frames of the qwen rule.")
    max_frames: int | None = Field(None, description="Most frames.")
    min_pixels: int | None = Field(None, description="Fewest pixels per frame.")
    max_pixels: int | None = Field(None, description="Most pixels per frame.")

    def applied(self, settings: FrameSettings) -> FrameSettings:
        return settings.with_(**self.model_dump())


class Lora(Settings):
    """A low-rank adapter (Hu et al. 2021) instead of full fine-tuning."""

    rank: int = Field(16, ge=1, description="Rank of the update.")
    alpha: float = Field(32, gt=0, description="The update is scaled by alpha / rank.")
    dropout: float = Field(0.05, ge=0, lt=1, description="Dropout before the update.")
    targets: tuple[str, ...] = Field(
        ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        description="Names of the language model's linear layers that get one.",
    )
    embeddings: bool = Field(
        False, description="Train the token embeddings too: for small vocabularies with words that are new."
    )


class RecipeConfig(Settings):
    """What all recipes have in common."""

    model: str = Field(description="Checkpoint to start from: folder or hub id of a Qwen-VL model.")
    revision: str | None = Field(None, description="Branch, tag or commit of a hub checkpoint.")
    adapter: str | None = Field(None, description="LoRA adapter to go on training.")
    output: Path = Field(description="Folder of the result; training resumes when it holds a state.")
    data: tuple[str, ...] = Field(
        (), description="Files of training rows: this project's, ShareGPT or RL rows (JSONL or JSON)."
    )
    videos: Path | None = Field(
        None, description="Folder that video paths are relative to; default: each file's."
    )
    synth: SynthSource | None = Field(None, description="Synthetic clips, instead of files.")
    rubric: str = Field("videoscore2", description="Rubric that replies are read with.")
    template: Path | None = Field(None, description="Question template (jinja2) instead of the rubric's.")
    frames: FrameOptions = Field(FrameOptions(), description="Frames to train on.")
    train_vision: bool = Field(False, description="Train the vision tower too; both papers freeze it.")
    train_projector: bool = Field(False, description="Train the projector (merger) too.")
    vision_from: float = Field(
        0.0, ge=0, le=1, description="Share of the steps after which vision tower and projector join in."
    )
    lora: Lora | None = Field(None, description="Train an adapter; None trains the language model itself.")
    batch: int = Field(
        64, ge=1, description="Examples (SFT) or prompts (GRPO) per update, over all processes."
    )
    micro_batch: int = Field(1, ge=1, description="Sequences per forward pass and process.")
    epochs: float = Field(1.0, gt=0, description="Passes over the data.")
    steps: int | None = Field(None, ge=1, description="Updates; overrides epochs.")
    lr: float = Field(description="Peak learning rate.")
    schedule: Literal["cosine", "linear", "constant"] = Field("cosine", description="Course of the rate.")
    warmup: float = Field(0.1, ge=0, lt=1, description="Share of the steps in which the rate rises.")
    floor: float = Field(0.0, ge=0, le=1, description="Share of the peak that the rate falls to.")
    optimizer: Literal["adamw", "muon"] = Field(
        "adamw", description="adamw, or muon for the layers' matrices."
    )
    weight_decay: float = Field(0.0, ge=0, description="Decoupled weight decay.")
    betas: tuple[float, float] = Field((0.9, 0.999), description="AdamW's decay rates.")
    eps: float = Field(1e-8, gt=0, description="AdamW's epsilon.")
    max_grad_norm: float = Field(1.0, gt=0, description="Gradients are scaled down to this norm.")
    bf16: bool = Field(
        True, description="Compute in bfloat16; weights that are trained stay float32 on a CPU."
    )
    gradient_checkpointing: bool = Field(False, description="Recompute activations: less memory, more time.")
    threads: int | None = Field(None, ge=1, description="CPU threads per process.")
    workers: int = Field(1, ge=0, description="Processes that decode and encode ahead.")
    seed: int = Field(0, description="Seed of order, dropout, adapters and samples.")
    max_length: int = Field(
        8192, ge=8, description="Longest question and reply in tokens; longer is an error."
    )
    save_every: int = Field(300, ge=1, description="Steps between states to resume from.")
    validate_every: int = Field(300, ge=1, description="Steps between validations.")
    validation: tuple[str, ...] = Field((), description="Files of rows to validate on.")
    validation_synth: SynthSource | None = Field(None, description="Synthetic clips to validate on.")
    validation_rows: int = Field(64, ge=0, description="Rows per validation; 0 for none.")
    max_reply: int = Field(1024, ge=1, description="Longest sampled reply in tokens.")

    @model_validator(mode="after")
    def _one_source(self) -> "RecipeConfig":
        if bool(self.data) == (self.synth is not None):
            raise ValueError("give either data (files of rows) or synth (drawn clips)")
        return self


class SftConfig(RecipeConfig):
    """Settings of `reeljudge train sft`: learn to write the replies of the training rows."""

    score_weight: float = Field(
        1.0, gt=0, description="Weight of the tokens of the final scores in the loss (1: as any other token)."
    )


class GrpoConfig(RecipeConfig):
    """Settings of `reeljudge train grpo`: learn from rewards on sampled replies.

    The objective is VideoScore2's (Video-R1's trainer): one update per batch, so no ratio clipping.
    """

    group: int = Field(8, ge=2, description="Replies per prompt.")
    temperature: float = Field(1.0, gt=0, description="Of the sampled replies.")
    top_p: float = Field(0.95, gt=0, le=1, description="Nucleus of the sampled replies.")
    beta: float = Field(0.04, ge=0, description="Weight of the KL divergence from the starting checkpoint.")
    kl_clamp: float = Field(10.0, gt=0, description="Log-ratios are clamped to this size inside the KL term.")
    format_weight: float = Field(
        0.0, ge=0, description="Weight of the format reward; the paper: 0 after SFT, 0.3 without."
    )
    length_bonus: float = Field(
        0.0, ge=0, description="Added where an accurate reply has a length inside `length_range`."
    )
    length_range: tuple[int, int] = Field((320, 512), description="Tokens that earn the bonus.")
    paper_exact: bool = Field(
        False,
        description="Read rewards with the published pattern anywhere in the reply, not with the reader.",
    )


class Shape(Settings):
    """The sizes of a new Qwen2.5-VL network."""

    side: int = Field(64, description="Pixels per side of a frame.")
    patch: int = Field(8, description="Pixels per side of a patch.")
    merge: int = Field(4, description="Patches per side that the projector joins into one visual token.")
    vision_size: int = Field(96, description="Width of the vision tower.")
    vision_depth: int = Field(3, description="Layers of the vision tower; all of them see the whole frame.")
    vision_inner: int = Field(256, description="Inner width of the vision tower's MLPs.")
    vision_heads: int = Field(4, description="Attention heads of the vision tower.")
    size: int = Field(192, description="Width of the language model.")
    depth: int = Field(4, description="Layers of the language model.")
    inner: int = Field(512, description="Inner width of the language model's MLPs.")
    heads: int = Field(4, description="Attention heads of the language model.")
    kv_heads: int = Field(2, description="Key and value heads of the language model.")


class PerceiveConfig(Settings):
    """Settings of `reeljudge train perceive`: a new small network whose vision tower learns to see."""

    output: Path = Field(description="Folder of the new checkpoint; training resumes when it holds a state.")
    shape: Shape = Field(Shape(), description="Sizes of the new network.")
    tower_from: Path | None = Field(
        None, description="Checkpoint whose vision tower to go on with; None: new."
    )
    seed: int = Field(1, description="Seed of the clips and of the random weights.")
    steps: int = Field(1000, ge=1, description="Updates.")
    batch: int = Field(128, ge=1, description="Cells per update, over all processes.")
    lr: float = Field(4e-3, gt=0, description="Peak learning rate.")
    optimizer: Literal["adamw", "muon"] = Field(
        "muon", description="adamw, or muon for the layers' matrices."
    )
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay.")
    warmup: float = Field(0.03, ge=0, lt=1, description="Share of the steps in which the rate rises.")
    save_every: int = Field(100, ge=1, description="Steps between states to resume from.")
    threads: int | None = Field(None, ge=1, description="CPU threads per process.")
    bf16: bool = Field(True, description="Compute in bfloat16, keep weights in float32.")


C = TypeVar("C", bound=BaseModel)


def parse_changes(changes: list[str]) -> dict[str, Any]:
    """`KEY=VALUE` strings as settings; values are YAML, dots reach into nested settings.

    Raises:
        UsageError: no `=` in a change, a value that is no YAML, or a key inside a value that is none.
    """
    values: dict[str, Any] = {}
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            raise UsageError(f"--set {change!r}: write KEY=VALUE")
        place = values
        *outer, last = name.strip().split(".")
        for part in outer:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise UsageError(f"--set {change!r}: {part!r} was set to {inner!r}, which holds no keys")
            place = inner
        try:
            place[last] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f"--set {change!r}: {text!r} is no YAML value") from None
    return values


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    both = dict(old)
    for key, value in new.items():
        inner = isinstance(value, dict) and isinstance(old.get(key), dict)
        both[key] = _merged(old[key], value) if inner else value
    return both


def read_config(path: Path, kind: type[C], overrides: dict[str, Any] | None = None) -> C:
    """The settings in a YAML file.

    Raises:
        InputError: the file is missing or no YAML mapping.
        UsageError: an unknown key (with the key that was probably meant), or a value that does not fit.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"config {path}: {error.strerror or error}; give the path of a YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"config {path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise InputError(f"config {path} must hold a mapping of settings, for example `lr: 5.0e-5`")
    values = _merged(values, overrides or {})
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"config {path}: {_first_trouble(error, kind)}") from None


def _first_trouble(error: ValidationError, kind: type[BaseModel]) -> str:
    trouble = error.errors()[0]
    place = ".".join(str(part) for part in trouble["loc"])
    if trouble["type"] == "extra_forbidden":
        known = _fields(kind, trouble["loc"][:-1])
        return f"unknown key {place!r}.{did_you_mean(str(trouble['loc'][-1]), known)}"
    if trouble["type"] == "missing":
        return f"key {place!r} is missing"
    message = str(trouble["msg"]).removeprefix("Value error, ")
    return f"{place}: {message} (got {trouble['input']!r})" if place else message


def _fields(kind: type[BaseModel], place: tuple[Any, ...]) -> list[str]:
    """The keys that are known at a place inside a config."""
    for part in place:
        annotation = kind.model_fields[str(part)].annotation
        options = [annotation, *getattr(annotation, "__args__", ())]
        kind = next(o for o in options if isinstance(o, type) and issubclass(o, BaseModel))
    return list(kind.model_fields)
