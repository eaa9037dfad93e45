"""The pool of decoding processes: same frames as in process, and nothing that a video does gets out of it."""

import gc
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import CancelledError, wait
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from conftest import EVERY_FRAME, counting_frames, encode, numbers

from reeljudge.clips import Decoder, DecoderFailed, FrameSettings, Limits, decode_here
from reeljudge.errors import ClipError, UsageError, VideoTooLarge, VideoUnreadable

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc of Linux")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def until(condition, seconds=20.0):
    """Wait for something that happens in another process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def pids(decoder: Decoder) -> list[int]:
    return [process.pid for process in decoder._processes if process.pid is not None]


@pytest.fixture
def decoder(clip):
    """One worker, already running."""
    with Decoder(workers=1) as decoder:
        decoder.decode(clip)
        yield decoder


def test_the_same_frames_as_in_process(videos):
    with Decoder(FrameSettings(rule="uniform:6"), workers=2) as decoder:
        names = ["h264.mp4", "vp9.webm", "ffv1.mkv"]
        futures = [decoder.submit(videos(name)) for name in names]
        for name, future in zip(names, futures, strict=True):
            frames, here = future.result(), decode_here(videos(name), FrameSettings(rule="uniform:6"))
            for part in fields(frames):
                assert np.array_equal(getattr(frames, part.name), getattr(here, part.name)), part.name
                assert type(getattr(frames, part.name)) is type(getattr(here, part.name)), part.name


def test_errors_come_back_as_they_are(decoder, tmp_path, clip):
    (tmp_path / "text.mp4").write_text("words")
    for path in (tmp_path / "text.mp4", tmp_path / "missing.mp4"):
        with pytest.raises(ClipError) as here:
            decode_here(path)
        with pytest.raises(type(here.value)) as there:
            decoder.decode(path)
        assert str(there.value) == str(here.value)
    assert decoder.decode(clip).total_frames == 60


def test_limits_are_kept_in_the_worker(clip):
    with (
        Decoder(limits=Limits(max_frames=10), workers=1) as decoder,
        pytest.raises(VideoTooLarge, match="max_frames = 10"),
    ):
        decoder.decode(clip)


def test_odd_names_reach_the_worker(decoder, tmp_path):
    for name in (b"a b.mp4", "日本 語.mp4".encode(), b"not \xff utf8.mp4", b"line\nbreak.mp4"):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        encode(tmp_path / "plain.mp4", counting_frames(4)).rename(path)
        assert decoder.decode(path).total_frames == 4


def test_many_at_once_keep_their_places(tmp_path):
    paths = [encode(tmp_path / f"{count}.mp4", counting_frames(count, 32, 32)) for count in range(2, 22)]
    with Decoder(EVERY_FRAME, workers=2) as decoder:
        futures = [decoder.submit(path) for path in paths]
        assert [future.result().total_frames for future in futures] == list(range(2, 22))
        assert len(pids(decoder)) == 2


def test_workers_start_when_they_are_needed(clip):
    with Decoder(workers=3) as decoder:
        assert pids(decoder) == []
        decoder.decode(clip)
        decoder.decode(clip)
        assert len(pids(decoder)) == 1


@posix
class TestDeath:
    def test_a_hung_worker_is_killed_and_replaced(self, clip):
        with Decoder(limits=Limits(decode_timeout=1.0), workers=1) as decoder:
            decoder.decode(clip)
            (pid,) = pids(decoder)
            os.kill(pid, signal.SIGSTOP)  # as good as an endless decode: it never answers
            with pytest.raises(
                VideoTooLarge, match=r"clip\.mp4: not decoded after 1 seconds, .*--decode-timeout"
            ):
                decoder.decode(clip)
            until(lambda: not alive(pid))
            assert decoder.decode(clip).total_frames == 60
            assert pids(decoder) != [pid]

    def test_a_crash_fails_its_own_video_only(self, tmp_path, clip):
        """Workers that die of one video, with another in the queue behind it."""
        deadly = tmp_path / "deadly.mp4"
        deadly.write_bytes(clip.read_bytes())
        with self.dying_on("deadly.mp4", "os.kill(os.getpid(), signal.SIGSEGV)") as decoder:
            first, second, third = (decoder.submit(path) for path in (clip, deadly, clip))
            assert first.result().total_frames == third.result().total_frames == 60
            with pytest.raises(
                VideoUnreadable, match=r"deadly\.mp4: the decoding process died on it \(exit status -11"
            ):
                second.result()

    def test_a_worker_that_leaves_without_a_word(self, clip):
        with (
            self.dying_on("clip.mp4", "os._exit(3)") as decoder,
            pytest.raises(VideoUnreadable, match="exit status 3"),
        ):
            decoder.decode(clip)

    def test_what_it_prints_does_not_get_between_the_answers(self, clip):
        noise = "print('noise', flush=True); os.write(1, b'more'); os.write(2, b'noise')"
        noise += "; return real(path, *rest)"
        with self.dying_on("clip.mp4", noise) as decoder:
            assert decoder.decode(clip).total_frames == 60

    def test_an_unexpected_error_is_the_videos_own(self, clip):
        with (
            self.dying_on("clip.mp4", "raise KeyError('frame')") as decoder,
            pytest.raises(VideoUnreadable, match=r"decoding failed unexpectedly \(KeyError: 'frame'\)"),
        ):
            decoder.decode(clip)

    def dying_on(self, name: str, what: str) -> Decoder:
        """A pool whose workers do `what` instead of decoding the video `name`."""
        start = textwrap.dedent(
            f"""
            import json, os, signal, sys, time
            sys.path[:] = json.loads(sys.argv[1])
            from reeljudge.clips import decode, worker
            real = decode.decode_here
            def decode_here(path, *rest):
                if not path.endswith({name!r}):
                    return real(path, *rest)
                {what}
            decode.decode_here = decode_here
            worker.main()
            """
        )
        self.patch.setattr("reeljudge.clips.process.START", start)
        return Decoder(workers=1)

    @pytest.fixture(autouse=True)
    def keep_patch(self, monkeypatch):
        self.patch = monkeypatch

    def test_a_death_between_two_videos_is_no_videos_fault(self, decoder, clip):
        for _ in range(3):
            (pid,) = pids(decoder)
            os.kill(pid, signal.SIGKILL)
            assert decoder.decode(clip).total_frames == 60

    @linux
    def test_a_worker_that_eats_memory_is_stopped(self, clip):
        many = FrameSettings(rule="uniform:60")  # 60 pictures of 336 x 336: 20 MB
        with (
            Decoder(many, Limits(max_memory=16_000_000), workers=1) as decoder,
            pytest.raises(VideoTooLarge, match=r"out of memory .* max_memory is 16,000,000 bytes"),
        ):
            decoder.decode(clip)
        with Decoder(many, workers=1) as decoder:
            assert decoder.decode(clip).pixels.nbytes == 60 * 336 * 336 * 3

    @linux
    def test_workers_end_with_a_parent_that_is_killed(self, clip):
        script = f"""
            import time
            from reeljudge.clips import Decoder
            decoder = Decoder(workers=2)
            for future in [decoder.submit({str(clip)!r}) for _ in range(4)]:
                future.result()
            print(*(process.pid for process in decoder._processes), flush=True)
            time.sleep(60)
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
        )
        workers = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(workers) == 2
        assert all(alive(pid) for pid in workers)
        parent.kill()
        parent.wait()
        until(lambda: not any(alive(pid) for pid in workers))

    @linux
    def test_a_busy_worker_ends_with_its_parent_too(self, clip):
        """The parent is killed while the worker is in the middle of a decode that never ends."""
        script = f"""
            from concurrent.futures import wait
            from reeljudge.clips import Decoder, process
            process.START = process.START.replace(
                "main()", "from reeljudge.clips import decode; import time; "
                "decode.decode_here = lambda *_: time.sleep(600); main()"
            )
            decoder = Decoder(workers=1)
            decoder.submit({str(clip)!r})
            while decoder._processes[0].pid is None:
                pass
            time_to_start = wait([decoder.submit({str(clip)!r})], timeout=3)
            print(decoder._processes[0].pid, flush=True)
            wait([decoder.submit({str(clip)!r})])
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
        )
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
        parent.wait()
        until(lambda: not alive(pid))

    @pytest.mark.slow
    @linux
    def test_a_worker_that_holds_python_up_ends_itself(self, clip):
        """No thread of it can run, and its parent is gone: the kernel ends it after its time."""
        script = f"""
            import time
            from reeljudge.clips import Decoder, Limits, process
            process.START = process.START.replace(
                "main()", "from reeljudge.clips import decode, worker; import re; worker.GRACE = 1; "
                "decode.decode_here = lambda *_: re.match('(a+)+b', 'a' * 60); main()"
            )
            decoder = Decoder(limits=Limits(decode_timeout=8), workers=1)
            decoder.submit({str(clip)!r})
            time.sleep(5)
            print(decoder._processes[0].pid, flush=True)
            time.sleep(60)
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
        )
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
        assert alive(pid)
        until(lambda: not alive(pid), 30)

    def test_ctrl_c_reaches_the_parent_alone(self, clip):
        script = f"""
            from reeljudge.clips import Decoder
            with Decoder(workers=1) as decoder:
                decoder.decode({str(clip)!r})
                try:
                    print(decoder._processes[0].pid, flush=True)
                    while True:
                        decoder.decode({str(clip)!r})
                except KeyboardInterrupt:
                    print("interrupted", flush=True)
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        pid = int(parent.stdout.readline())
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does
        out, err = parent.communicate(timeout=60)
        assert (out, err, parent.returncode) == ("interrupted\n", "", 0)
        until(lambda: not alive(pid))


class TestClosing:
    def test_nothing_is_left(self, clip):
        with Decoder(workers=2) as decoder:
            wait([decoder.submit(clip) for _ in range(4)])
            workers = pids(decoder)
            threads = decoder._threads
        assert len(workers) == 2
        assert not any(alive(pid) for pid in workers)
        assert not any(thread.is_alive() for thread in threads)
        decoder.close()
        with pytest.raises(RuntimeError, match="closed"):
            decoder.submit(clip)

    def test_what_waits_is_cancelled(self, clip):
        with Decoder(workers=1) as decoder:
            futures = [decoder.submit(clip) for _ in range(50)]
            futures[0].result()
        assert all(future.done() for future in futures)
        outcomes = {
            type(future.exception()) if not future.cancelled() else CancelledError for future in futures
        }
        assert outcomes <= {type(None), CancelledError}
        assert CancelledError in outcomes

    def test_a_pool_that_is_dropped_closes_itself(self, clip):
        decoder = Decoder(workers=1)
        decoder.decode(clip)
        workers = pids(decoder)
        del decoder
        gc.collect()
        until(lambda: not any(alive(pid) for pid in workers))

    def test_a_program_that_forgets_to_close_still_ends(self, clip):
        use = f"d.submit({str(clip)!r}); d.decode({str(clip)!r})"
        script = f"from reeljudge.clips import Decoder; d = Decoder(); {use}"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, text=True)
        assert (done.returncode, done.stderr) == (0, "")


class TestStarting:
    def test_no_guard_is_needed_around_main(self, tmp_path, clip):
        """A plain script, run as a file: workers do not import it again."""
        script = tmp_path / "plain.py"
        script.write_text(
            f"print('once')\nfrom reeljudge.clips import Decoder\nDecoder().decode({str(clip)!r})\n"
        )
        done = subprocess.run([sys.executable, script], capture_output=True, timeout=60, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, "once\n", "")

    def test_workers_import_no_heavy_packages(self):
        script = "import sys, reeljudge.clips.worker, reeljudge.clips.decode; print(sorted(sys.modules))"
        modules = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, text=True
        ).stdout
        for heavy in ("torch", "scipy", "transformers", "pyarrow", "pandas", "pydantic"):
            assert f"'{heavy}'" not in modules

    def test_a_machine_that_starts_no_process_is_not_the_videos_fault(self, clip, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with Decoder(workers=1) as decoder, pytest.raises(DecoderFailed, match="/nowhere/python"):
            decoder.decode(clip)

    def test_an_installation_that_is_broken_says_so(self, clip, monkeypatch):
        monkeypatch.setattr("reeljudge.clips.process.START", "import a_module_that_is_missing")
        with (
            Decoder(workers=1) as decoder,
            pytest.raises(DecoderFailed, match="No module named 'a_module_that_is_missing'") as caught,
        ):
            decoder.decode(clip)
        assert not isinstance(caught.value, ClipError)

    def test_no_workers_are_refused(self):
        with pytest.raises(UsageError, match="workers is 0"):
            Decoder(workers=0)


def test_numbers_survive_the_way(videos):
    with Decoder(EVERY_FRAME, workers=1) as decoder:
        assert numbers(decoder.decode(videos("h264.mp4")).pixels) == list(range(24))
