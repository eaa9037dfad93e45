"""Mangled videos, many of them, through the pool of decoding processes.

Run by itself it prints what happened:

    python tests/clips/fuzzing.py COUNT FOLDER_OF_VIDEOS...
"""

import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from reeljudge.clips import Decoder, FrameSettings, Limits
from reeljudge.errors import VideoTooLarge, VideoUnreadable


def flip_bits(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    for place in random.integers(0, len(content), random.integers(1, 64)):
        content[place] ^= 1 << int(random.integers(8))
    return content


def flip_bits_of_the_header(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    return flip_bits(random, content[:1024], other) + content[1024:]


def cut(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    return content[: int(random.integers(1, len(content)))]


def swap_header(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    size = int(random.choice([16, 64, 512, 2048]))
    return bytearray(other[:size]) + content[size:]


def blank_a_stretch(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    start = int(random.integers(0, len(content)))
    size = min(int(random.integers(1, 4096)), len(content) - start)
    content[start : start + size] = bytes([int(random.choice([0, 255]))]) * size
    return content


def repeat_a_stretch(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    start, size = int(random.integers(0, len(content))), int(random.integers(1, 4096))
    return content[:start] + content[start : start + size] * 3 + content[start + size :]


def wild_numbers(random: np.random.Generator, content: bytearray, other: bytes) -> bytearray:
    """Sizes, counts and times of the header become the largest that there are."""
    for place in random.integers(0, min(len(content), 2048), 4):
        content[place : place + 4] = random.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"])
    return content


MANGLES = (
    flip_bits,
    flip_bits_of_the_header,
    cut,
    swap_header,
    blank_a_stretch,
    repeat_a_stretch,
    wild_numbers,
)


def mangled(sources: list[Path], folder: Path, seed: int) -> Iterator[Path]:
    """Endlessly many mangled copies of the sources; the same seed gives the same ones."""
    random = np.random.default_rng(seed)
    contents = [source.read_bytes() for source in sources]
    number = 0
    while True:
        which, other = random.integers(0, len(sources), 2)
        mangle = MANGLES[number % len(MANGLES)]
        content = mangle(random, bytearray(contents[which]), contents[other])
        path = folder / f"{number:05d}_{mangle.__name__}{sources[which].suffix}"
        path.write_bytes(content)
        number += 1
        yield path


def resident(decoder: Decoder) -> int:
    """Bytes of memory that the largest worker holds; 0 where the system does not tell."""
    sizes = [0]
    for process in decoder._processes:
        status = Path(f"/proc/{process.pid}/status")
        if process.pid is not None and status.exists():
            kilobytes = [
                line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS")
            ]
            sizes.append(1024 * int(kilobytes[0]))
    return max(sizes)


def fuzz(sources: list[Path], count: int, folder: Path, seed: int = 0) -> dict[str, Any]:
    """Decode `count` mangled videos and say what became of them."""
    outcomes: Counter[str] = Counter()
    early = 0
    slowest = ("", 0.0)
    started = time.monotonic()
    settings = FrameSettings(max_pixels=100 * 28 * 28)
    with Decoder(settings, Limits(decode_timeout=60, max_seconds=3600), workers=2) as decoder:
        for source in sources:
            decoder.decode(source)
        before = resident(decoder)
        paths = mangled(sources, folder, seed)
        done = 0
        while batch := list(islice(paths, min(20, count - done))):
            since = time.monotonic()
            futures = [(path, decoder.submit(path)) for path in batch]
            for path, future in futures:
                error = future.exception()
                if error is None:
                    frames = future.result()
                    outcomes["decoded, with a note" if frames.notes else "decoded"] += 1
                elif isinstance(error, VideoUnreadable | VideoTooLarge):
                    text = str(error)
                    kind = type(error).__name__
                    for sign, name in (
                        ("died on it", "process died"),
                        ("not decoded after", "too slow"),
                        ("unexpectedly", "unexpected error"),
                    ):
                        if sign in text:
                            kind = name
                            sys.stderr.write(f"{text}\n")
                    outcomes[kind] += 1
                else:
                    raise error
                slowest = max(slowest, (path.name, time.monotonic() - since), key=lambda pair: pair[1])
                path.unlink()
            done += len(batch)
            early = early or (resident(decoder) if done >= count // 4 else 0)
        after = resident(decoder)
    return {
        "files": done,
        "seconds": round(time.monotonic() - started, 1),
        "outcomes": dict(sorted(outcomes.items())),
        "worker_megabytes": {
            "before": round(before / 1e6),
            "after_a_quarter": round(early / 1e6),
            "after": round(after / 1e6),
        },
        "slowest_batch_seconds": round(slowest[1], 1),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = [
            path
            for folder in sys.argv[2:]
            for path in sorted(Path(folder).iterdir())
            if path.suffix in (".mp4", ".gif", ".webm", ".mkv", ".avi", ".ts", ".mov")
            and path.stat().st_size < 400_000
        ]
        sys.stdout.write(json.dumps(fuzz(found, int(sys.argv[1]), Path(scratch)), indent=1) + "\n")
