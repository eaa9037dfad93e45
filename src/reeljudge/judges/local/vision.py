"""Frames as the model sees them: normalised patches, their grid, and the tokens that stand for them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from reeljudge.clips import Frames, FrameSettings
from reeljudge.errors import JudgeError

VIDEO_TEXT = "<|vision_start|><|video_pad|><|vision_end|>"


@dataclass(frozen=True)
class VideoInput:
    """One clip for the model.

    Attributes:
        ids: token ids that stand for the video, its start and end marks included.
        patches: float32, (temporal cells x rows x columns of patches, values per patch).
        grid: int64 (1, 3): temporal cells, rows and columns of patches.
        seconds_per_grid: seconds that one temporal cell spans.
        tokens: visual tokens.
    """

    ids: tuple[int, ...]
    patches: torch.Tensor
    grid: torch.Tensor
    seconds_per_grid: float
    tokens: int


class VideoEncoder:
    """Turns `Frames` into a `VideoInput` with the checkpoint's own video processor.

    Frames come decoded, chosen and resized: nothing is sampled or resized here, and the number of tokens
    must be the one that the frames imply.
    """

    def __init__(self, processor: Any, video_token: int):
        self._processor = processor
        self._video_token = video_token
        video_processor = processor.video_processor
        self._patch: int = video_processor.patch_size
        self._merge: int = video_processor.merge_size
        self._temporal: int = video_processor.temporal_patch_size
        self._options: dict[str, Any] = {
            "do_resize": False,
            "do_sample_frames": False,
            "return_tensors": "pt",
        }
        if "cap_pixels_per_frame" in video_processor.valid_kwargs.__annotations__:
            self._options["cap_pixels_per_frame"] = False  # it concerns resizing only, and warns when unset

    @property
    def frame_settings(self) -> FrameSettings:
        """The frames that the checkpoint takes: Qwen's budgets per frame, counted in its own tokens."""
        factor = self._patch * self._merge
        usual = FrameSettings()
        tokens = usual.factor**2
        return FrameSettings(
            factor=factor,
            temporal_factor=self._temporal,
            min_pixels=usual.min_pixels // tokens * factor**2,
            max_pixels=usual.max_pixels // tokens * factor**2,
            total_pixels=int(usual.total_pixels / tokens * factor**2),
        )

    def encode(self, frames: Frames) -> VideoInput:
        """The frames as the model's input.

        Raises:
            JudgeError: the frames do not suit the checkpoint.
        """
        self._check(frames)
        count, height, width, _ = frames.pixels.shape
        pixels = np.require(frames.pixels, requirements=["C", "W"])
        # Qwen3-VL writes the time of each cell into the prompt, from these; the others ignore them.
        metadata = {
            "total_num_frames": frames.total_frames,
            "fps": frames.fps or 1.0,
            "frames_indices": list(frames.indices),
            "width": frames.source_width,
            "height": frames.source_height,
        }
        encoded = self._processor(
            text=[VIDEO_TEXT],
            videos=[torch.from_numpy(pixels).permute(0, 3, 1, 2)],
            video_metadata=[metadata],
            **self._options,
        )
        ids = tuple(encoded["input_ids"][0].tolist())
        cells = (count // self._temporal, height // self._patch, width // self._patch)
        wanted = cells[0] * cells[1] * cells[2] // self._merge**2
        grid = encoded["video_grid_thw"]
        found = sum(token == self._video_token for token in ids)
        if tuple(grid[0].tolist()) != cells or found != wanted:
            raise JudgeError(
                f"{count} frames of {width} x {height} must become {wanted} visual tokens, "
                f"but the checkpoint's processor made {found}: frames were sampled or resized again"
            )
        return VideoInput(ids, encoded["pixel_values_videos"], grid, float(frames.seconds_per_grid), found)

    def _check(self, frames: Frames) -> None:
        pixels, factor = frames.pixels, self._patch * self._merge
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape:
            raise JudgeError(f"frames must be uint8 (T, H, W, 3), got {pixels.dtype} {pixels.shape}")
        count, height, width, _ = pixels.shape
        if count % self._temporal or height % factor or width % factor:
            raise JudgeError(
                f"{count} frames of {width} x {height} do not suit the checkpoint: it takes a multiple of "
                f"{self._temporal} frames with sides that are multiples of {factor} (see frame_settings)"
            )
        if frames.seconds_per_grid <= 0:
            raise JudgeError(
                f"seconds per temporal grid cell must be positive, got {frames.seconds_per_grid}"
            )
