import base64
import io
from typing import Any

import numpy as np
import pytest
from asking import some_frames
from PIL import Image

from reeljudge.judges.served import pictures
from reeljudge.judges.served.pictures import encode_frames, introduction, video_fields


def pixels_of(data: str) -> tuple[str, Any]:
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    return str(image.format), np.asarray(image)


def test_images_are_exactly_the_frames() -> None:
    frames = some_frames(3)
    encoded = encode_frames(frames, "images", 2)
    assert [part["type"] for part in encoded.parts] == ["text", "image_url", "image_url", "image_url"]
    for part, picture in zip(encoded.parts[1:], frames.pixels, strict=True):
        head, data = part["image_url"]["url"].split(",")
        assert head == "data:image/png;base64"
        form, pixels = pixels_of(data)
        assert form == "PNG"
        assert np.array_equal(pixels, picture)
    assert (encoded.fields, encoded.notes, encoded.pictures) == ({}, (), 3)


def test_images_too_large_for_a_request_become_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PNG_BYTES", 1000)
    ramp = np.linspace(0, 255, 280, dtype=np.uint8)
    smooth = np.broadcast_to(ramp[None, None, :, None], (4, 140, 280, 3)).copy()
    frames = some_frames()
    object.__setattr__(frames, "pixels", smooth)
    encoded = encode_frames(frames, "images", 2)
    assert all(part["image_url"]["url"].startswith("data:image/jpeg;base64,") for part in encoded.parts[1:])
    form, pixels = pixels_of(encoded.parts[1]["image_url"]["url"].split(",")[1])
    assert form == "JPEG"
    assert np.abs(pixels.astype(int) - smooth[0]).max() <= 4
    assert "JPEG" in encoded.notes[0]


def test_the_line_before_the_images_says_when() -> None:
    assert introduction(some_frames(3)) == (
        "These 3 images are frames of one video, in order, at 0.00, 0.50, 1.00 seconds.\n"
    )
    assert introduction(some_frames(1)) == "This image is a frame of one video, at 0.00 seconds.\n"


def test_a_video_is_one_list_of_exactly_the_frames() -> None:
    frames = some_frames(4)
    encoded = encode_frames(frames, "video", 2)
    (part,) = encoded.parts
    head, *files = part["video_url"]["url"].split(",")
    assert head == "data:video/jpeg;base64"
    assert len(files) == encoded.pictures == 4
    for file, picture in zip(files, frames.pixels, strict=True):
        form, pixels = pixels_of(file)
        assert form == "JPEG"
        assert pixels.shape == picture.shape
        assert np.abs(pixels.astype(float) - picture).mean() < 6  # noise, the hardest case


def test_what_a_server_is_told_about_a_video() -> None:
    fields = video_fields(some_frames(4, seconds_per_grid=1.0, fps=24.0, total_frames=48), temporal_factor=2)
    assert fields == {
        "media_io_kwargs": {
            "video": {
                "num_frames": 4,
                "fps": 24.0,
                "frames_indices": [0, 12, 24, 36],
                "total_num_frames": 48,
                "duration": 2.0,
                "do_sample_frames": False,
            }
        },
        "mm_processor_kwargs": {"fps": 2.0},
    }


def test_one_frame_shown_twice_is_no_larger_than_its_source() -> None:
    frames = some_frames(2, indices=(0, 0), total_frames=1)
    about = video_fields(frames, temporal_factor=2)["media_io_kwargs"]["video"]
    assert (about["num_frames"], about["total_num_frames"]) == (2, 2)
