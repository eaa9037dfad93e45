"""Small invented releases in the layout of each set, and score tables for them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reeljudge.benchmarks import Scores, evaluate, load_suite, open_release, scores_of_table

QUICK = 100


def write_jsonl(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def scores_of(folder: Path, table: Mapping[str, Mapping[str, float | None]], **options: Any) -> Scores:
    """Scores that went through a file, as a user's do."""
    rows = [{"id": name, **scores} for name, scores in table.items()]
    return scores_of_table(write_jsonl(folder / "scores.jsonl", rows), **options)


def result_of(suite: str, folder: Path, scores: Scores, protocol: str | None = None, **options: Any) -> Any:
    found = load_suite(suite)
    release = open_release(found, folder)
    return evaluate(found, release, scores, protocol, resamples=QUICK, **options)


def measure(result: Any, name: str) -> Any:
    return next(one for one in result.measures if one.name == name)


def three(visual: float | None, text: float | None = None, physical: float | None = None) -> dict:
    text = visual if text is None else text
    return {
        "visual_quality": visual,
        "text_alignment": text,
        "physical_consistency": text if physical is None else physical,
    }


def videoscore_bench_v2(folder: Path) -> None:
    rows = [
        {
            "video_name": f"00000{i}_a",
            "video_url": f"oss/VideoScore/0000_0499/gen{i % 2}/00000{i}_a.mp4",
            "prompt": f"a lamp number {i} swings",
            "visual_score": visual,
            "t2v_score": 3 + i % 2,
            "phy_score": 2 + i % 2,
        }
        for i, visual in enumerate([4, 3, 2, 5])
    ]
    write_json(folder / "data_27k_test (VideoScoreBench-v2).json", rows)


def videogen_rewardbench(folder: Path) -> None:
    votes = ["A", "B", "same", "same", "same"]
    lines = ["path_A,path_B,A_model,B_model,prompt,VQ,MQ,TA,Overall"]
    for i, vote in enumerate(votes):
        side = [f"videos/m{j}/m{j}_{i:05d}.mp4" for j in (1, 2)]
        lines.append(f'{side[0]},{side[1]},m1,m2,"a kite, number {i}",{vote},A,A,{vote}')
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "videogen-rewardbench.csv").write_text("\n".join(lines) + "\n")


def t2vqa_db(folder: Path, lines: Sequence[str] | None = None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = lines or ["x.mp4|red | blue|50", "y.mp4|red | blue|51", "z.mp4|red | blue|40.5"]
    (folder / "info.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def mj_bench_video(folder: Path) -> None:
    grades = [(0, 0, 0), (0, 1, 1), (1, 1, 1), (1, 2, 2), (2, 2, 2), (0, 0, 0)]  # fineness, alignment, ...
    preferences = ["Video 2 better", "Video 2 Better", "Hard to judge"]
    rows = []
    for i, preference in enumerate(preferences):
        row: dict[str, Any] = {"caption": f"a boat {i}", "overall_preference": preference, "discard": i == 2}
        for side in (0, 1):
            fine, align, consistent = grades[2 * i + side]
            row[f"video_{side}_path"] = f"videos/p{i}_{side}.mp4"
            row[f"video_{side}_overall_score"] = {
                "Alignment": align,
                "Safety": 2,
                "Fineness": fine,
                "Consistency": consistent,
                "Bias": 2,
            }
            row[f"video_{side}_total_score"] = align
        rows.append(row)
    write_json(folder / "test.json", rows)


def videophy2(folder: Path) -> None:
    lines = ["caption,video_url,sa,pc,model_name"]
    labels = [(5, 5), (4, 4), (4, 2), (1, 3)]
    lines += [
        f"a stone {i},host/gen{i % 2}/clip{i}.mp4,{sa},{pc},gen{i % 2}" for i, (sa, pc) in enumerate(labels)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "videophy2_test.csv").write_text("\n".join(lines) + "\n")


def tvge(folder: Path) -> None:
    quality = {"1": {"gen2": [4.0], "pika": [2.0], "modelscope": [2.0]}, "2": {"gen2": [3.0], "pika": [3.5]}}
    alignment = {
        "1": {"gen2": [1.0], "pika": [5.0], "modelscope": [3.0]},
        "2": {"gen2": [2.0], "pika": [2.0]},
    }
    for name, found in (("quality", quality), ("alignment", alignment)):
        table = {key: {"prompt": f"a clock {key}", "models": models} for key, models in found.items()}
        write_json(folder / f"t2vscore_{name}_score.json", table)


def genai_bench_video(folder: Path) -> None:
    models = {"Floor33": [1, 2, 3], "Gen2": [5, 4, 5], "Pika_v1": [2, 2, 2]}
    write_json(folder / "genai_video.json", {"00001": {"prompt": "two owls", "models": models}})


def genai_bench(folder: Path) -> None:
    votes = ["leftvote", "rightvote", "tievote", "bothbad_vote"]
    rows = [
        {
            "prompt": f"a drum {i}",
            "left_model": "lavie",
            "right_model": "pika",
            "left_video": f"host/lavie/{i}.mp4",
            "right_video": f"host/pika/{i}.mp4",
            "vote_type": vote,
        }
        for i, vote in enumerate(votes)
    ]
    write_jsonl(folder / "genai_bench_video.jsonl", rows)


def video_feedback(folder: Path) -> None:
    asked = 'look at the frames.\nFor this video, the text prompt is "a "red" hat",\nall the frames:\n'
    names = ["visual quality", "temporal consistency", "dynamic degree", "text-to-video alignment"]
    rows = []
    for i, scores in enumerate([(1, 2, 3, 4, 1), (2, 2, 3, 3, 2), (3, 1, 4, 2, 3), (4, 4, 1, 1, 4)]):
        told = zip([*names, "factual consistency"], scores, strict=True)
        answer = "\n".join(f"{name}: {score}" for name, score in told)
        turns = [{"from": "human", "value": asked}, {"from": "gpt", "value": answer}]
        rows.append({"id": f"70{i}", "images": ["0.jpg"], "conversations": turns})
    write_jsonl(folder / "video_feedback" / "test.jsonl", rows)


def eval_crafter(folder: Path) -> None:
    scores = [(0.2, 0.8), (0.4, 0.6), (0.6, 0.4), (0.8, 0.2)]
    rows = [
        {"id": f"pika_000{i}", "text": f"a pond {i}", "score_list": [visual, temporal, -1, 0.5, -1]}
        for i, (visual, temporal) in enumerate(scores)
    ]
    write_jsonl(folder / "eval_crafter" / "test.jsonl", rows)


def gradeo(folder: Path) -> None:
    ratings = [[2, 3, 3, 4, 3], [1, 1, 1, 4, 1], [5, 5, 5], 2, [4, 4, 4, 4, 5], [1, 2, 3, 2, 1]]
    rows = [
        {"id": f"c{i}", "video": f"c{i}.mp4", "prompt": f"a fern {i}", "human": {"quality": rating}}
        for i, rating in enumerate(ratings)
    ]
    write_jsonl(folder / "manifest.jsonl", rows)
