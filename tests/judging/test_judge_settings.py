"""Settings are checked where they are made, and say what is wrong."""

from typing import Any

import pytest
from fake_judge import FakeJudge

from reeljudge.errors import InputError, UsageError
from reeljudge.judges import JUDGES
from reeljudge.judging import JudgeSettings, load_judge


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"samples": 4}, "--samples 4 at temperature 0"),
        ({"samples": 0}, "--samples must be at least 1, got 0"),
        ({"temperature": -0.1}, "--temperature must be at least 0"),
        ({"temperature": float("nan")}, "--temperature"),
        ({"fps": 0.0}, "--fps must be greater than 0"),
        ({"fps": 2.0, "frames": "keyframes"}, "--fps belongs to the rule qwen"),
        ({"frames": "qwem"}, "qwem"),
        ({"frames": "uniform:0"}, "uniform"),
        ({"max_frames": 0}, "--max-frames must be at least 1"),
        ({"batch_size": 0}, "--batch-size must be at least 1"),
        ({"workers": 0}, "--workers must be at least 1"),
        ({"dtype": "float17"}, "--dtype 'float17' is unknown. Did you mean 'float16'?"),
        ({"rubric": "gradeoo"}, "Did you mean 'gradeo'?"),
        ({"dimensions": "visual"}, "no dimension 'visual'"),
        ({"dimensions": ","}, "no dimension chosen"),
        ({"dimension": "visual_quality"}, "load_judge takes no 'dimension'. Did you mean 'dimensions'?"),
        ({"judge": "hff:x"}, "unknown judge"),
        ({"judge": "recorded:"}, "needs a file"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(settings: dict[str, Any], message: str) -> None:
    judge = settings.pop("judge", None) or FakeJudge(needs_frames=True)
    with pytest.raises(UsageError) as caught:
        load_judge(judge, **settings)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_that_cannot_be_used_is_named_before_anything_is_judged(tmp_path: Any) -> None:
    with pytest.raises(InputError, match=r"none\.txt"):
        load_judge(FakeJudge(), template=tmp_path / "none.txt")
    bad = tmp_path / "bad.txt"
    bad.write_text("What about {{ promt }}?", encoding="utf-8")
    fake = FakeJudge()
    with pytest.raises(InputError, match="promt"):
        load_judge(fake, template=bad)
    assert fake.closed == 1


def test_every_setting_has_a_help_text_and_the_python_signature_shows_it() -> None:
    import inspect
    from dataclasses import fields

    assert all(field.metadata["help"].endswith(".") for field in fields(JudgeSettings))
    shown = inspect.signature(load_judge).parameters
    assert next(iter(shown)) == "judge"
    assert {field.name for field in fields(JudgeSettings)} == set(shown)


def test_the_default_judge_is_tiny_and_its_absence_is_told() -> None:
    assert JudgeSettings().judge == "tiny"
    if "tiny" in JUDGES:
        pytest.skip("the bundled judge is there")
    with pytest.raises(UsageError, match="'tiny' does not come with this version"):
        load_judge()
