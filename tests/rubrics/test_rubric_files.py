"""A user's own rubric: what is wrong with it is said in one line that names file, line and field."""

from pathlib import Path

import pytest

from reeljudge.errors import InputError, UsageError
from reeljudge.rubrics import ask, load_rubric, read_reply

GOOD = """\
name: mine
replies: each
scale: {min: 1, max: 3}
answer_stage: verdict
stages:
  - name: look
    tag: LOOK
    instruction: what {{ dimension }} is like
  - {name: verdict, tag: VERDICT, instruction: "Score: x"}
dimensions:
  - name: rhythm
    title: Rhythm
    label: Score
    definition: Whether the cuts follow the music.
    inputs: [prompt, theme]
    levels:
      1: {name: Off}
      2: {name: Near, text: Some cuts hit.}
      3: {name: On}
  - name: mood
    title: Mood
    label: Score
    definition: Whether it is bright or dark.
template: |
  Judge the {{ dimension }} of this clip, made from:
  {{ prompt }}
  {% if theme %}
  Theme: {{ theme }}
  {% endif %}
  {% for value, level in levels.items() %}
  {{ value }}: {{ level }}
  {% endfor %}
  {{ stages | join(" ") }}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_a_rubric(tmp_path: Path) -> None:
    rubric = load_rubric(written(tmp_path, GOOD))
    assert rubric.names == ("rhythm", "mood")
    assert rubric.scale.values == (1, 2, 3)
    rhythm, mood = ask(rubric, "a drum", "Music")
    assert rhythm.text == (
        "Judge the rhythm of this clip, made from:\na drum\nTheme: Music\n"
        "1: Off\n2: Near: Some cuts hit.\n3: On\n"
        "<LOOK>what rhythm is like</LOOK> <VERDICT>Score: x</VERDICT>"
    )
    assert "1: Off" not in mood.text
    reading = read_reply("<LOOK>loud</LOOK><VERDICT>Score: 3</VERDICT>", rubric, "rhythm")
    assert reading.scores["rhythm"].value == 3


def test_a_rubric_is_found_by_its_path_as_text_too(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeff" + GOOD)  # some editors write a byte-order mark
    assert load_rubric(str(path)) == load_rubric(path)


CHANGES = {
    "misspelt field of the rubric": (
        "replies: each",
        "repiles: each",
        2,
        "repiles: unknown field Did you mean 'replies'?",
    ),
    "misspelt field of a dimension": (
        "    title: Rhythm",
        "    tilte: Rhythm",
        12,
        "dimensions[0].tilte: unknown field Did you mean 'title'?",
    ),
    "misspelt field of a stage": (
        "    tag: LOOK",
        "    tga: LOOK",
        7,
        "stages[0].tga: unknown field Did you mean 'tag'?",
    ),
    "misspelt field of a level": (
        "2: {name: Near, text:",
        "2: {name: Near, txt:",
        18,
        "levels[2].txt: unknown field Did you mean 'text'?",
    ),
    "field of another place": ("name: mine", "name: mine\nlabel: x", 2, "label: unknown field"),
    "missing field": (
        "    definition: Whether it is bright or dark.\n",
        "",
        20,
        "dimensions[1].definition: missing; add it",
    ),
    "value of a closed list": (
        "replies: each",
        "replies: all",
        2,
        "replies: Input should be 'joint' or 'each' (found 'all')",
    ),
    "input that does not exist": (
        "inputs: [prompt, theme]",
        "inputs: [prompt, music]",
        15,
        "inputs[1]: Input should be 'prompt' or 'theme' (found 'music')",
    ),
    "name with a capital": (
        "  - name: mood",
        "  - name: Mood",
        20,
        "dimensions[1].name: 'Mood': lower-case letters",
    ),
    "scale upside down": ("{min: 1, max: 3}", "{min: 3, max: 1}", 3, "max (1) must be greater than min (3)"),
    "scale as text": ("scale: {min: 1, max: 3}", "scale: 1-3", 3, "scale: a mapping is wanted here"),
    "a list that is none": ("inputs: [prompt, theme]", "inputs: prompt", 15, "inputs: a list is wanted here"),
    "a level missing": (
        "      3: {name: On}\n",
        "",
        16,
        "levels must be given for each of 1-3, or none (3 missing)",
    ),
    "a level too many": (
        "      3: {name: On}",
        "      3: {name: On}\n      4: {name: Up}",
        16,
        "(4 not on the scale)",
    ),
    "a level twice": ("      3: {name: On}", "      2: {name: On}", 19, "2: stands here for the second time"),
    "a field twice": (
        "    title: Mood",
        "    title: Mood\n    title: Moods",
        22,
        "title: stands here for the second time",
    ),
    "a dimension twice": (
        "  - name: mood",
        "  - name: rhythm",
        20,
        "dimensions[1].name: dimension 'rhythm' is named twice",
    ),
    "a stage twice": (
        "{name: verdict, tag: VERDICT,",
        "{name: verdict, tag: look,",
        5,
        "stages: stage twice: look",
    ),
    "an answer stage that is none": (
        "answer_stage: verdict",
        "answer_stage: veredict",
        4,
        "answer_stage 'veredict' is none of the stages",
    ),
    "no answer stage": ("answer_stage: verdict\n", "", 4, "stages without an answer_stage"),
    "a tag with brackets": ("    tag: LOOK", "    tag: <LOOK>", 7, "stages[0].tag:"),
    "a tag that is for reasoning": (
        "    tag: LOOK",
        "    tag: THINK",
        5,
        "tag 'think' is a reasoning tag, too",
    ),
    "a label without letters": (
        "    label: Score\n    definition: Whether it",
        "    label: '***'\n    definition: Whether it",
        22,
        "has no letter and no digit",
    ),
    "unknown variable": (
        "  {{ prompt }}",
        "  {{ promt }}",
        26,
        "template: there is no variable 'promt'. Did you mean 'prompt'?",
    ),
    "unknown variable in a branch not taken": (
        "  Theme: {{ theme }}",
        "  Theme: {{ them }}",
        28,
        "there is no variable 'them'. Did you mean 'theme'?",
    ),
    "unknown field in the template": (
        "{{ value }}: {{ level }}",
        "{{ value }}: {{ level.nmae }}",
        31,
        "there is nothing called 'nmae' there. Did you mean 'name'?",
    ),
    "unknown variable in an instruction": (
        "what {{ dimension }} is like",
        "what {{ dimensoin }} is like",
        8,
        "stages[0].instruction: there is no variable 'dimensoin'. Did you mean 'dimension'?",
    ),
    "an unclosed loop": ("  {% endfor %}\n", "", 32, "template: Unexpected end of template"),
    "an unknown filter": (
        '{{ stages | join(" ") }}',
        '{{ stages | jion(" ") }}',
        33,
        "template: No filter named 'jion'",
    ),
    "a theme that may be absent": (
        "  {{ prompt }}",
        "  {{ prompt }} {{ theme.upper() }}",
        26,
        "theme is absent for most clips",
    ),
    "an escape from the sandbox": (
        "  {{ prompt }}",
        "  {{ prompt.__class__.__mro__ }}",
        26,
        "template: not allowed in a template",
    ),
    "an inclusion": (
        "  {{ prompt }}",
        "  {% include '/etc/passwd' %}",
        26,
        "a template cannot include other files",
    ),
    "a prompt that is not shown": (
        "  {{ prompt }}\n",
        "",
        24,
        "template: never shows {{ prompt }}, which dimension 'rhythm' takes",
    ),
    "broken YAML": ("dimensions:", "dimensions: [", 11, "not valid YAML"),
    "a tab": ("    title: Rhythm", "\ttitle: Rhythm", 12, "not valid YAML"),
    "a name that is a number": (
        "1: {name: Off}",
        "1: {name: 1}",
        17,
        "dimensions[0].levels[1].name: text is wanted here; put it in quotes",
    ),
    "an object": ("name: mine", "name: !!python/object:os.system {}", 1, "not valid YAML"),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    old, new, line, told = CHANGES[name]
    assert GOOD.count(old) >= 1, old
    # Where a text stands several times, the last one is meant.
    before, _, after = GOOD.rpartition(old)
    path = written(tmp_path, before + new + after)
    with pytest.raises(InputError) as caught:
        load_rubric(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: "), message
    assert told in message
    assert "\n" not in message


def test_a_rubric_without_dimensions(tmp_path: Path) -> None:
    text = "name: a\nreplies: joint\ndimensions: []\ntemplate: x\n"
    with pytest.raises(InputError, match=r"mine\.yaml:3: dimensions: at least one is needed"):
        load_rubric(written(tmp_path, text))


def test_two_mistakes_are_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path, GOOD.replace("title: Mood", "tilte: Mood").replace("label: Score", "lable: Score")
    )
    with pytest.raises(InputError, match=r"mine\.yaml:\d+: .*unknown field.* \(\d+ more after this one\)"):
        load_rubric(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a rubric is a mapping"),
        ("- a\n- b\n", "a rubric is a mapping"),
        ("just words", "a rubric is a mapping"),
        ("{}", "missing; add it"),
        ("? [a, b]\n: c\n", "a key must be a plain word"),
    ],
)
def test_what_is_no_rubric_at_all(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        load_rubric(written(tmp_path, text))
    assert "mine.yaml:1: " in str(caught.value)


def test_labels_must_tell_the_dimensions_of_one_reply_apart(tmp_path: Path) -> None:
    text = GOOD.replace("replies: each", "replies: joint")
    with pytest.raises(
        InputError, match=r":22: dimensions\[1\]\.label: 'Score' also names dimension 'rhythm'"
    ):
        load_rubric(written(tmp_path, text))
    text = text.replace("label: Score\n    definition: Whether it", "label: mood\n    definition: Whether it")
    assert load_rubric(written(tmp_path, text)).names == ("rhythm", "mood")


def test_stages_of_a_joint_reply_stand_on_the_rubric(tmp_path: Path) -> None:
    text = GOOD.replace("replies: each", "replies: joint").replace(
        "    label: Score\n    definition: Whether it",
        "    label: mood\n    stages: [{name: verdict, tag: V}]\n    definition: Whether it",
    )
    with pytest.raises(InputError, match=r"mine\.yaml:23: dimensions\[1\]\.stages: one reply answers all"):
        load_rubric(written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("videoscor2", "Did you mean 'videoscore2'?"),
        ("GRADEO", "neither a bundled rubric nor a YAML file"),
        ("none/such.yaml", "there is no such file"),
        ("such.yml", "there is no such file"),
        (".", "is a folder"),
    ],
)
def test_a_rubric_that_is_not_there(name: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_rubric(name)
    assert told in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01name")
    with pytest.raises(InputError, match="cannot be read as UTF-8"):
        load_rubric(path)
    path.write_bytes(b"# " + b"x" * 1_000_001)
    with pytest.raises(InputError, match="so it is no rubric"):
        load_rubric(path)


def test_references_that_multiply_are_read_once(tmp_path: Path) -> None:
    """Ten references to ten references to ten ... would be 10^9 nodes."""
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InputError, match="unknown field"):
        load_rubric(written(tmp_path, "\n".join(lines)))


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    first = load_rubric(path)
    assert load_rubric(path) is first
    written(tmp_path, GOOD.replace("title: Mood", "title: Moods"))
    assert load_rubric(path).dimension("mood").title == "Moods"
