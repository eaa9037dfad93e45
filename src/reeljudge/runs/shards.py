"""Which part of a manifest is judged: a shard by the hash of the id."""

from dataclasses import dataclass
from hashlib import blake2b

from reeljudge.errors import UsageError


@dataclass(frozen=True)
class Shard:
    """Part `number` of `count`, both counted from 1. A clip's shard depends on its id alone."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From `i/n`; anything else is a `UsageError`."""
        number, slash, count = text.partition("/")
        if not (slash and number.strip().isdecimal() and count.strip().isdecimal()):
            raise UsageError(f"--shard {text!r}: write i/n, for example 1/4")
        shard = cls(int(number), int(count))
        if not 1 <= shard.number <= shard.count:
            raise UsageError(
                f"--shard {text!r}: shards are counted from 1: 1/{max(1, shard.count)} is the first"
            )
        return shard

    def __contains__(self, id: object) -> bool:
        digest = blake2b(str(id).encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
