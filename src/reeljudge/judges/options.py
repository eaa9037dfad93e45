"""What a user may set about a judge, whatever its kind. A kind refuses the options that it cannot use."""

from dataclasses import dataclass
from typing import Literal

DType = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True)
class JudgeOptions:
    """Options of `open_judge`; None means the kind's own default.

    Attributes:
        adapter: folder or hub id of a LoRA adapter (`hf:`).
        revision: branch, tag or commit of the checkpoint (`hf:`).
        dtype, device: of the weights (`hf:`); None or "auto": what suits the device.
        load_in: "4bit" or "8bit" weights (`hf:`).
        base_url: address of the server (`served:`); the key comes from OPENAI_API_KEY alone.
        send_as: "images" or "video" (`served:`).
        concurrency: most requests in flight (`served:`).
        timeout: seconds until a request without an answer is tried again (`served:`).
        retries: attempts after the first (`served:`).
        decode: decode the video although the judge needs none (`recorded:`).
        batch_size: most requests in one batch.
    """

    adapter: str | None = None
    revision: str | None = None
    dtype: DType | None = None
    device: str | None = None
    load_in: Literal["4bit", "8bit"] | None = None
    base_url: str | None = None
    send_as: Literal["images", "video"] | None = None
    concurrency: int | None = None
    timeout: float | None = None
    retries: int | None = None
    decode: bool | None = None
    batch_size: int | None = None
