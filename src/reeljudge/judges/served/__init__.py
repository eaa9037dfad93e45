"""The served judge: `served:MODEL` at any OpenAI-compatible server."""

from reeljudge.judges.options import JudgeOptions
from reeljudge.judges.served.address import read_address
from reeljudge.judges.served.judge import CONCURRENCY, RETRIES, TIMEOUT, ServedJudge

__all__ = ["ServedJudge", "open_served"]


def open_served(target: str, options: JudgeOptions) -> ServedJudge:
    """The judge behind `served:TARGET`. Nothing is sent yet.

    Args:
        target: the model's name at the server.
        options: `base_url`, `send_as`, `concurrency`, `timeout`, `retries`, `batch_size`. The key comes
            from OPENAI_API_KEY alone.

    Raises:
        UsageError: no usable URL.
    """
    return ServedJudge(
        target,
        read_address(options.base_url),
        send_as=options.send_as or "images",
        concurrency=CONCURRENCY if options.concurrency is None else options.concurrency,
        timeout=TIMEOUT if options.timeout is None else options.timeout,
        retries=RETRIES if options.retries is None else options.retries,
        batch_size=options.batch_size,
    )
