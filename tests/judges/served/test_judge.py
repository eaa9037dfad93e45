"""The served judge against a server that answers, refuses, breaks off, lies and keeps silent."""

import asyncio
import gc
import json
import logging
import math
import signal
import threading
from typing import Any

import pytest
from asking import RUBRIC, a_judge, a_request, some_frames, texts
from scripted_server import Body, Say, ScriptedServer, completion

from reeljudge.judges import Judge
from reeljudge.judges.served import judge as judge_module
from reeljudge.rubrics import Scale, soft_score

KEY = "sk-this-must-never-be-seen"
EXTENSIONS = {"top_k", "min_p", "repetition_penalty"}


def test_it_is_a_judge(server: ScriptedServer) -> None:
    judge = a_judge(server.url, concurrency=3)
    assert isinstance(judge, Judge)
    assert judge.name == "served:m"
    assert judge.needs_frames
    assert judge.batch_size == 6
    judge.close()
    judge.close()
    assert server.paths == []  # nothing is sent before it is needed


def test_answers_come_in_the_order_of_the_requests(server: ScriptedServer) -> None:
    def answer(body: Body, count: int) -> Say:
        asked = body["messages"][0]["content"][-1]["text"]
        return Say(completion(f"about {asked}"), wait=0.05 if asked.endswith("0") else 0)

    server.answer = answer
    judge = a_judge(server.url)
    answers = judge.answer([a_request(f"c{n}", text=f"clip {n}") for n in range(9)])
    assert texts(answers) == [f"about clip {n}" for n in range(9)]
    assert [answer.replies[0].dimension for answer in answers] == ["quality"] * 9
    judge.close()


def test_the_video_comes_before_the_question(server: ScriptedServer) -> None:
    judge = a_judge(server.url)
    judge.answer([a_request(system="You judge videos.", text="How good is it?")])
    system, user = server.asked[0]["messages"]
    assert system == {"role": "system", "content": "You judge videos."}
    assert [part["type"] for part in user["content"]] == ["text", *["image_url"] * 4, "text"]
    assert user["content"][-1]["text"] == "How good is it?"
    judge.close()


def test_sent_as_one_video(server: ScriptedServer) -> None:
    judge = a_judge(server.url, send_as="video")
    judge.answer([a_request()])
    (body,) = server.asked
    assert [part["type"] for part in body["messages"][0]["content"]] == ["video_url", "text"]
    assert body["media_io_kwargs"]["video"]["frames_indices"] == [0, 12, 24, 36]
    assert body["mm_processor_kwargs"] == {"fps": 2.0}
    assert judge.identity()["send_as"] == "video"
    judge.close()


def test_log_probabilities_become_a_soft_score(server: ScriptedServer) -> None:
    others = [{"token": str(n), "logprob": math.log(p)} for n, p in ((4, 0.5), (5, 0.25), (3, 0.15))]
    listed = [{"token": "quality: ", "logprob": 0.0}, {**others[0], "top_logprobs": others}]
    server.answer = lambda body, count: Say(completion("quality: 4", logprobs={"content": listed}))
    server.meeting = lambda body: Say(completion("1", logprobs={"content": [{"token": "1", "logprob": 0.0}]}))
    judge = a_judge(server.url)
    (answer,) = judge.answer([a_request()])
    assert answer.notes == ()
    soft = soft_score((9, 10), answer.replies[0].digits, Scale())
    assert soft is not None
    assert soft.expected == pytest.approx((4 * 0.5 + 5 * 0.25 + 3 * 0.15) / 0.9)
    assert soft.coverage == pytest.approx(0.9)
    assert judge.identity()["top_logprobs"] == 20
    judge.close()


def test_no_log_probabilities_are_asked_for_where_no_digit_tells(server: ScriptedServer) -> None:
    judge = a_judge(server.url)
    (answer,) = judge.answer([a_request(rubric=RUBRIC.model_copy(update={"scale": Scale(min=0, max=100)}))])
    assert "logprobs" not in server.asked[0]
    assert answer.error is None
    judge.close()


def test_extension_fields_that_are_rejected_by_name(server: ScriptedServer) -> None:
    def picky(body: Body) -> Say | None:
        strange = sorted(EXTENSIONS & set(body))
        return Say({"detail": f"Unexpected fields in the request: {strange}"}, 422) if strange else None

    server.meeting = lambda body: picky(body) or Say(completion("1"))
    server.answer = lambda body, count: picky(body) or Say(completion())
    judge = a_judge(server.url)
    assert judge.identity()["dropped_fields"] == sorted(EXTENSIONS)
    answers = judge.answer([a_request(f"c{n}") for n in range(5)])
    assert len(server.met) == 2  # refused once, then answered
    assert len(server.asked) == 5  # remembered: never refused again
    assert all(
        "the server does not take min_p, repetition_penalty, top_k: dropped" in a.notes for a in answers
    )
    assert judge.identity()["dropped_fields"] == sorted(EXTENSIONS)
    judge.close()


def test_a_field_that_is_rejected_in_mid_run(server: ScriptedServer) -> None:
    server.answer = lambda body, count: (
        Say({"error": {"message": "no", "param": "seed"}}, 400) if "seed" in body else Say(completion())
    )
    judge = a_judge(server.url)
    answers = judge.answer([a_request(f"c{n}") for n in range(6)])
    assert texts(answers) == ["ok"] * 6
    assert judge.identity()["dropped_fields"] == ["seed"]
    judge.close()


def test_a_server_that_rejects_one_field_at_a_time(server: ScriptedServer) -> None:
    def picky(body: Body) -> Say:
        strange = sorted(EXTENSIONS & set(body))
        says = (
            {"error": {"message": f"Unrecognized request argument supplied: {strange[0]}"}}
            if strange
            else None
        )
        return Say(says, 400) if says else Say(completion())

    server.meeting = picky
    judge = a_judge(server.url, retries=0)
    assert judge.identity()["dropped_fields"] == sorted(EXTENSIONS)
    judge.close()


def test_reasoning_models_that_take_max_completion_tokens(server: ScriptedServer) -> None:
    def picky(body: Body) -> Say:
        if "max_tokens" in body:
            says = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return Say({"error": {"message": says, "param": "max_tokens"}}, 400)
        return Say(completion())

    server.meeting = picky
    judge = a_judge(server.url)
    judge.answer([a_request(max_tokens=77)])
    assert server.asked[0]["max_completion_tokens"] == 77
    assert judge.identity()["length_field"] == "max_completion_tokens"
    judge.close()


def test_samples_have_seeds_of_their_own_whatever_the_batch(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say(completion(str(body["seed"])))
    sampling = {"samples": 3, "temperature": 0.7, "seed": 5}
    judge = a_judge(server.url)
    together = judge.answer([a_request("a", **sampling), a_request("b", **sampling)])
    alone = judge.answer([a_request("b", **sampling)])
    assert together[1].replies == alone[0].replies
    seeds = [reply.text for answer in together for reply in answer.replies]
    assert len(set(seeds)) == 6
    assert [reply.sample for reply in alone[0].replies] == [0, 1, 2]
    assert {body["temperature"] for body in server.asked} == {0.7}
    assert len(server.asked) == 9
    judge.close()


def test_a_sample_that_fails_leaves_no_half_answer(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say(completion()) if count == 1 else Say({}, 400)
    judge = a_judge(server.url, concurrency=1)
    (answer,) = judge.answer([a_request(samples=2, temperature=1.0)])
    assert answer.replies == ()
    assert answer.error is not None
    judge.close()


def test_frames_are_encoded_once_for_all_questions(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = []
    original = judge_module.encode_frames
    monkeypatch.setattr(
        judge_module, "encode_frames", lambda f, *rest: encoded.append(id(f)) or original(f, *rest)
    )
    judge = a_judge(server.url)
    frames, others = some_frames(seed=1), some_frames(seed=2)
    asked = [a_request("a", name, frames, samples=2) for name in ("quality", "motion")]
    judge.answer([*asked, a_request("b", frames=others)])
    judge.answer(asked)
    assert sorted(encoded) == sorted([id(frames), id(others)])
    assert len(server.asked) == 9
    assert len(judge._encoded) == 2
    del frames, others, asked
    gc.collect()
    assert len(judge._encoded) == 0  # let go with the frames
    judge.close()


def test_usage_is_recorded(server: ScriptedServer) -> None:
    usage = {"prompt_tokens": 500, "completion_tokens": 12, "prompt_tokens_details": {"image_tokens": 320}}
    server.answer = lambda body, count: Say(completion("4", usage=usage))
    judge = a_judge(server.url)
    (answer,) = judge.answer([a_request()])
    assert answer.visual_tokens == 320
    assert answer.replies[0].tokens == 12
    judge.close()


def test_what_the_server_is(server: ScriptedServer) -> None:
    server.version = "0.11.2"
    server.meeting = lambda body: Say({**completion("1"), "model": "m-2026-05-01"})
    judge = a_judge(server.url.replace("://", "://user:pass-word@"))
    identity = judge.identity()
    assert identity == {
        "kind": "served",
        "model": "m",
        "base_url": server.url,
        "revision": "m-2026-05-01",
        "root": "/models/m",
        "server_version": "0.11.2",
        "send_as": "images",
        "frame_encoding": "png; jpeg 98 4:4:4 above 15000000 bytes of base64",
        "dropped_fields": [],
        "length_field": "max_tokens",
        "top_logprobs": None,
    }
    assert json.loads(json.dumps(identity)) == identity
    judge.close()


def test_a_revision_behind_the_name(server: ScriptedServer) -> None:
    server.meeting = lambda body: Say({**completion("1"), "model": "m@main"})
    judge = a_judge(server.url)
    assert judge.identity()["revision"] == "main"
    judge.close()


def test_the_key_is_sent_and_seen_nowhere(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    caplog.set_level(logging.DEBUG)
    echo = {"error": {"message": f"the key {KEY} may not do that"}}
    server.version = "1"
    server.answer = lambda body, count: Say(echo, 400) if count < 2 else Say(echo, 500)
    judge = a_judge(server.url, retries=1)
    identity = judge.identity()
    answers = judge.answer([a_request(), a_request("c2")])
    errors = [answer.error for answer in answers]
    assert all(error is not None and "may not do that" in str(error) for error in errors)
    chained = [repr(error.__cause__) + repr(error.__context__) for error in errors if error is not None]
    seen = f"{identity} {answers} {errors} {chained} {judge!r} {vars(judge)} {caplog.text}"
    assert KEY not in seen
    assert caplog.records
    sent = dict(zip(server.paths, server.headers, strict=True))
    assert sent["/v1/chat/completions"]["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in sent["/version"]
    judge.close()


def test_ctrl_c_ends_at_once_and_the_judge_can_go_on(server: ScriptedServer) -> None:
    main = threading.main_thread().ident
    assert main is not None

    def answer(body: Body, count: int) -> Say:
        if count == 4:
            signal.pthread_kill(main, signal.SIGINT)
        return Say(completion(), wait=5.0 if count <= 4 else 0.0)

    server.answer = answer
    judge = a_judge(server.url, concurrency=4, timeout=30.0)
    judge.identity()
    with pytest.raises(KeyboardInterrupt):
        judge.answer([a_request(f"c{n}") for n in range(8)])
    assert server.active == 4  # nobody waited for the answers
    assert len(server.asked) == 4  # what was waiting is not sent any more
    assert texts(judge.answer([a_request()])) == ["ok"]
    judge.close()


def test_inside_a_running_loop(server: ScriptedServer) -> None:
    judge = a_judge(server.url)

    async def notebook() -> list[Any]:
        return judge.answer([a_request()])

    assert texts(asyncio.run(notebook())) == ["ok"]
    judge.close()


def test_from_several_threads(server: ScriptedServer) -> None:
    judge = a_judge(server.url, concurrency=3)
    found: list[list[str]] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(texts(judge.answer([a_request(f"c{n}") for n in range(5)])))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["ok"] * 5] * 4
    assert len(server.met) == 1  # met once
    assert server.most_active <= 3
    judge.close()


def test_after_closing_it_opens_again(server: ScriptedServer) -> None:
    judge = a_judge(server.url)
    judge.answer([a_request()])
    judge.close()
    assert texts(judge.answer([a_request()])) == ["ok"]
    judge.close()


def test_a_request_without_frames(server: ScriptedServer) -> None:
    request = a_request()
    object.__setattr__(request, "frames", ())
    judge = a_judge(server.url)
    (answer,) = judge.answer([request])
    assert "no frames" in str(answer.error)
    judge.close()
