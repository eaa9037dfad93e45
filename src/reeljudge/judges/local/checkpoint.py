"""Where a checkpoint's files are, whether all of them are there, and what identifies them. No torch."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reeljudge.errors import InputError, JudgeError, UsageError

FAMILIES = {
    "qwen2_vl": "Qwen2-VL",
    "qwen2_5_vl": "Qwen2.5-VL",
    "qwen3_vl": "Qwen3-VL",
    "qwen3_vl_moe": "Qwen3-VL-MoE",
}
"""`model_type` of config.json -> the family's name."""

WANTED_FILES = ["*.json", "*.safetensors", "*.txt", "*.jinja"]
"""What is fetched from a hub: never a pickle, never code."""

PROCESSOR_FILES = ("preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json")

SAMPLED_BLOCKS, BLOCK_BYTES = 64, 65_536


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose files are complete.

    Attributes:
        name: as the user wrote it.
        folder: where its files lie.
        revision: the hub's commit, or `files:` and a fingerprint where the files came from a folder.
        config: config.json.
    """

    name: str
    folder: Path
    revision: str
    config: dict[str, Any]

    @property
    def model_type(self) -> str:
        return str(self.config["model_type"])

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weight files."""
        return sum(path.stat().st_size for path in self.folder.glob("*.safetensors"))


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter whose files are complete; the fields mean what they mean for `Checkpoint`."""

    name: str
    folder: Path
    revision: str
    config: dict[str, Any]


def find_checkpoint(name: str, revision: str | None = None) -> Checkpoint:
    """The checkpoint in a folder, or of a hub repository (fetched where it is not in the cache yet).

    Raises:
        UsageError: no such folder, no such repository, or a revision for a folder.
        InputError: files are missing, or it is no Qwen-VL checkpoint.
        JudgeError: the hub cannot be reached.
    """
    folder, commit = _locate(name, revision, what="checkpoint")
    if not (folder / "config.json").is_file() and (folder / "adapter_config.json").is_file():
        raise UsageError(
            f"{name!r} is an adapter, not a checkpoint: name its base as hf:BASE --adapter {name}"
        )
    config = _read_json(folder / "config.json", name)
    _check_family(name, config)
    _check_weights(folder, name)
    if not (folder / "tokenizer.json").is_file() and not (folder / "vocab.json").is_file():
        raise _missing(name, folder, "tokenizer.json")
    if not any((folder / file).is_file() for file in PROCESSOR_FILES):
        raise _missing(name, folder, "preprocessor_config.json")
    _check_chat_template(folder, name)
    return Checkpoint(name, folder, commit or fingerprint(folder), config)


def find_adapter(name: str) -> Adapter:
    """The LoRA adapter in a folder or hub repository. Raises as `find_checkpoint` does."""
    folder, commit = _locate(name, None, what="adapter")
    config = _read_json(folder / "adapter_config.json", name)
    if config.get("peft_type") != "LORA":
        raise InputError(
            f"adapter {name!r} is of type {config.get('peft_type')}: only LORA adapters are supported"
        )
    if not (folder / "adapter_model.safetensors").is_file():
        raise _missing(name, folder, "adapter_model.safetensors")
    return Adapter(name, folder, commit or fingerprint(folder), config)


def fingerprint(folder: Path) -> str:
    """`files:` and 16 hex digits that change when anything changes that decides a reply.

    Settings and tokenizer files are hashed whole, weights by name, size and 64 blocks of 64 KiB spread
    evenly over each file: two checkpoints of one training run differ, and 16 GB are not read.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".jinja", ".txt"} and path.is_file():
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
        elif path.suffix == ".safetensors":
            size = path.stat().st_size
            digest.update(f"{path.name}:{size}".encode())
            with path.open("rb") as file:
                for block in range(SAMPLED_BLOCKS):
                    file.seek(max(0, (size - BLOCK_BYTES) * block // (SAMPLED_BLOCKS - 1)))
                    digest.update(file.read(BLOCK_BYTES))
    return f"files:{digest.hexdigest()[:16]}"


def _locate(name: str, revision: str | None, what: str) -> tuple[Path, str | None]:
    """The folder that holds the files, and the hub's commit (None for a folder of the user's)."""
    path = Path(name).expanduser()
    if path.is_dir():
        if revision is not None:
            raise UsageError(f"--revision is for hub repositories; {name!r} is a folder")
        return path, None
    if path.exists():
        raise UsageError(f"{what} {name!r} is a file: name the folder that holds it")
    if name.startswith((".", "/", "~")) or name.count("/") != 1 or "\\" in name:
        raise UsageError(f"no such {what} folder: {name!r} (a hub repository is written OWNER/NAME)")
    return _fetch(name, revision, what)


def _fetch(name: str, revision: str | None, what: str) -> tuple[Path, str | None]:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        folder = snapshot_download(
            name, revision=revision, allow_patterns=WANTED_FILES, ignore_patterns=["*/*"], etag_timeout=10
        )
    except GatedRepoError as error:
        raise JudgeError(
            f"{what} {name!r} is gated: accept its terms on the hub, then run 'hf auth login'"
        ) from error
    except RevisionNotFoundError as error:
        raise UsageError(f"{what} {name!r} has no revision {revision!r}") from error
    except RepositoryNotFoundError as error:
        raise UsageError(f"the hub has no {what} {name!r}; for a private one run 'hf auth login'") from error
    except (OSError, ValueError) as error:
        # Every other failure of the hub's client (offline, proxy, half a download) is one of these.
        raise JudgeError(
            f"{what} {name!r} is not in the cache and the hub cannot be reached "
            f"({type(error).__name__}): connect once, or give the path of a folder"
        ) from error
    return Path(folder), Path(folder).name


def _check_family(name: str, config: dict[str, Any]) -> None:
    model_type = config.get("model_type")
    if model_type not in FAMILIES:
        raise InputError(
            f"{name!r} is no Qwen-VL checkpoint (model_type {model_type!r}): "
            f"the hf: judge runs {', '.join(FAMILIES.values())}; serve other models and use served:MODEL"
        )


def _check_weights(folder: Path, name: str) -> None:
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards: Iterable[str] = sorted(set(_read_json(index, name).get("weight_map", {}).values()))
        missing = [shard for shard in shards if not (folder / shard).is_file()]
        if missing:
            raise _missing(name, folder, missing[0])
    elif not any(folder.glob("*.safetensors")):
        pickles = sorted([*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.pth")])
        if pickles:
            raise InputError(
                f"checkpoint {name!r} has pickled weights only ({pickles[0].name}), which are never loaded: "
                "save it again as safetensors"
            )
        raise _missing(name, folder, "model.safetensors")


def _check_chat_template(folder: Path, name: str) -> None:
    if (folder / "chat_template.json").is_file() or (folder / "chat_template.jinja").is_file():
        return
    for file in ("tokenizer_config.json", "processor_config.json"):
        if (folder / file).is_file() and _read_json(folder / file, name).get("chat_template"):
            return
    raise _missing(name, folder, "chat_template.json")


def _read_json(path: Path, name: str) -> dict[str, Any]:
    if not path.is_file():
        raise _missing(name, path.parent, path.name)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{name!r}: {path} is not valid JSON ({error})") from error
    if not isinstance(value, dict):
        raise InputError(f"{name!r}: {path} must hold a JSON object")
    return value


def _missing(name: str, folder: Path, file: str) -> InputError:
    return InputError(f"{name!r} lacks {file} (looked in {folder}): fetch or copy the complete folder")
