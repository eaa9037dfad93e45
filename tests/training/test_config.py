"""Configs: every mistake is one clear line, and the shipped files are what the papers say."""

from pathlib import Path

import pytest

from reeljudge.errors import InputError, UsageError
from reeljudge.training.config import (
    GrpoConfig,
    PerceiveConfig,
    SftConfig,
    parse_changes,
    read_config,
)

CONFIGS = Path(__file__).parents[2] / "configs"
KINDS = {
    "sft": SftConfig,
    "grpo": GrpoConfig,
    "perceive": PerceiveConfig,
    "lora": SftConfig,
    "gradeo": SftConfig,
}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_an_unknown_key_is_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    path = write(tmp_path / "c.yaml", "model: m\noutput: o\ndata: [d]\nlr: 1.0e-5\nwarmpu: 0.1\n")
    with pytest.raises(UsageError, match=r"unknown key 'warmpu'\. Did you mean 'warmup'\?"):
        read_config(path, SftConfig)


def test_an_unknown_nested_key_is_named_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "c.yaml", "model: m\noutput: o\ndata: [d]\nlr: 1.0\nlora: {rnk: 4}\n")
    with pytest.raises(UsageError, match=r"unknown key 'lora\.rnk'\. Did you mean 'rank'\?"):
        read_config(path, SftConfig)


def test_other_mistakes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give the path of a YAML file"):
        read_config(tmp_path / "none.yaml", SftConfig)
    with pytest.raises(InputError, match="must hold a mapping"):
        read_config(write(tmp_path / "a.yaml", "- 1\n"), SftConfig)
    with pytest.raises(UsageError, match="key 'lr' is missing"):
        read_config(write(tmp_path / "b.yaml", "model: m\noutput: o\ndata: [d]\n"), SftConfig)
    with pytest.raises(UsageError, match=r"either data .* or synth"):
        read_config(write(tmp_path / "d.yaml", "model: m\noutput: o\nlr: 1.0\n"), SftConfig)
    with pytest.raises(UsageError, match=r"group: .*greater than or equal to 2.*got 1"):
        read_config(
            write(tmp_path / "e.yaml", "model: m\noutput: o\ndata: [d]\nlr: 1.0\ngroup: 1\n"), GrpoConfig
        )


def test_changes_reach_into_nested_settings(tmp_path: Path) -> None:
    text = "model: m\noutput: o\nlr: 1.0e-5\nsynth: {seed: 3, count: 10}\n"
    config = read_config(
        write(tmp_path / "c.yaml", text), SftConfig, parse_changes(["synth.count=20", "lr=2.0e-5"])
    )
    assert config.synth is not None
    assert (config.synth.seed, config.synth.count, config.lr) == (3, 20, 2e-5)
    with pytest.raises(UsageError, match="write KEY=VALUE"):
        parse_changes(["lr"])
    with pytest.raises(UsageError, match=r"--set 'lr=\{': '\{' is no YAML value"):
        parse_changes(["lr={"])
    with pytest.raises(UsageError, match="'lr' was set to 1, which holds no keys"):
        parse_changes(["lr=1", "lr.x=2"])


def test_every_setting_says_what_it_is() -> None:
    for kind in (SftConfig, GrpoConfig, PerceiveConfig):
        assert all(field.description for field in kind.model_fields.values())


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configs_are_valid(path: Path) -> None:
    kind = next(kind for word, kind in KINDS.items() if path.stem.endswith(word))
    assert read_config(path, kind)


def test_videoscore2_settings_are_the_papers() -> None:
    sft = read_config(CONFIGS / "videoscore2-sft.yaml", SftConfig)
    assert (sft.lr, sft.schedule, sft.warmup, sft.epochs, sft.batch) == (5e-5, "cosine", 0.1, 2, 64)
    assert (sft.max_length, sft.frames.fps, sft.frames.max_frames) == (8192, 2.0, 10)
    assert (sft.train_vision, sft.train_projector, sft.lora) == (False, False, None)
    grpo = read_config(CONFIGS / "videoscore2-grpo.yaml", GrpoConfig)
    assert (grpo.lr, grpo.beta, grpo.group, grpo.batch) == (2e-6, 0.04, 8, 32)
    assert (grpo.temperature, grpo.top_p, grpo.max_reply, grpo.max_grad_norm) == (1.0, 0.95, 1024, 5.0)
    assert (grpo.format_weight, grpo.length_bonus, grpo.kl_clamp) == (0.0, 0.0, 10.0)


def test_gradeo_settings_are_the_papers() -> None:
    config = read_config(CONFIGS / "gradeo-lora.yaml", SftConfig)
    assert (config.lr, config.schedule, config.warmup, config.epochs, config.batch) == (
        1e-5,
        "cosine",
        0.1,
        10,
        4,
    )
    assert (config.betas, config.eps, config.optimizer, config.rubric) == (
        (0.9, 0.999),
        1e-8,
        "adamw",
        "gradeo",
    )
    assert config.lora is not None
