"""The oracle: the published way to run a Qwen-VL checkpoint, with transformers (and qwen-vl-utils) alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from reeljudge.clips import Frames


class PlainQwen:
    """A checkpoint as transformers loads and runs it."""

    def __init__(self, folder: Path, dtype: torch.dtype = torch.float32):
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=dtype).eval()

    def inputs(self, video: torch.Tensor, metadata: dict[str, Any], question: str, seconds: float) -> Any:
        """The model's inputs for decoded frames (T, 3, H, W). `seconds` per grid cell replaces what the
        processor makes of the frame rate, which it takes for 24 where it is told another."""
        text = self.text(question)
        inputs = self.processor(
            text=[text],
            videos=[video],
            video_metadata=[metadata],
            do_sample_frames=False,
            padding=True,
            return_tensors="pt",
        )
        if "second_per_grid_ts" in inputs:
            inputs["second_per_grid_ts"] = torch.tensor([seconds])
        return inputs

    def inputs_of(self, frames: Frames, question: str) -> Any:
        """The same for frames of ours."""
        video = torch.from_numpy(frames.pixels).permute(0, 3, 1, 2)
        metadata = {
            "total_num_frames": frames.total_frames,
            "fps": frames.fps,
            "frames_indices": list(frames.indices),
        }
        return self.inputs(video, metadata, question, frames.seconds_per_grid)

    def text(self, question: str) -> str:
        content = [{"type": "video"}, {"type": "text", "text": question}]
        messages = [{"role": "user", "content": content}]
        return self.processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)

    def positions(self, inputs: Any) -> torch.Tensor:
        """Rotary positions (3, 1, tokens)."""
        names = ("input_ids", "mm_token_type_ids", "video_grid_thw", "second_per_grid_ts", "attention_mask")
        positions, _ = self.model.model.get_rope_index(**{name: inputs.get(name) for name in names})
        return positions

    @torch.inference_mode()
    def greedy(self, inputs: Any, tokens: int, **settings: Any) -> list[int]:
        """Token ids of the greedy reply; `settings` go to generate()."""
        plain = {
            "do_sample": False,
            "repetition_penalty": 1.0,
            "temperature": None,
            "top_p": None,
            "top_k": None,
        }
        written = self.model.generate(**inputs, max_new_tokens=tokens, **(plain | settings))
        return written[0, inputs["input_ids"].shape[1] :].tolist()

    def decode(self, ids: Sequence[int]) -> str:
        return self.processor.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )

    @torch.inference_mode()
    def logits_of_reply(self, inputs: Any, reply: Sequence[int]) -> torch.Tensor:
        """Raw logits (reply tokens, vocabulary) before each token of a given reply, in one plain pass."""
        extended = dict(inputs)
        more = torch.tensor([list(reply)])
        extended["input_ids"] = torch.cat([inputs["input_ids"], more], dim=1)
        extended["attention_mask"] = torch.ones_like(extended["input_ids"])
        types = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(more)], dim=1)
        extended["mm_token_type_ids"] = types
        logits = self.model(**extended).logits[0]
        start = inputs["input_ids"].shape[1]
        return logits[start - 1 : start - 1 + len(reply)]
