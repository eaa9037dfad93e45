"""What no run can get past: no server, no key, another model; said once, in one clear line."""

import pytest
from asking import a_judge, a_request, some_frames
from scripted_server import Body, Say, ScriptedServer, completion

from reeljudge.errors import JudgeError


def test_no_server() -> None:
    judge = a_judge("http://127.0.0.1:9/v1", retries=1)
    with pytest.raises(JudgeError, match=r"^served:m: no server answers at http://127.0.0.1:9/v1: start it"):
        judge.identity()
    with pytest.raises(JudgeError):
        judge.answer([a_request()])
    judge.close()


def test_no_key(server: ScriptedServer) -> None:
    server.meeting = lambda body: Say({"error": {"message": "You didn't provide an API key."}}, 401)
    judge = a_judge(server.url)
    with pytest.raises(JudgeError, match="set OPENAI_API_KEY"):
        judge.answer([a_request()])
    assert len(server.met) == 1
    assert server.asked == []
    judge.close()


def test_another_model(server: ScriptedServer) -> None:
    server.models = Say({"data": [{"id": "VideoScore2"}, {"id": "qwen"}]})
    server.meeting = lambda body: Say({"error": {"message": "no such model", "code": "model_not_found"}}, 404)
    judge = a_judge(server.url)
    with pytest.raises(JudgeError, match=r"does not serve the model 'm'; it serves: VideoScore2, qwen$"):
        judge.identity()
    judge.close()


def test_another_path(server: ScriptedServer) -> None:
    server.models = server_says_404 = Say({"detail": "Not Found"}, 404)
    server.meeting = lambda body: server_says_404
    judge = a_judge(server.url)
    with pytest.raises(JudgeError, match="does --base-url end in /v1"):
        judge.identity()
    judge.close()


def test_a_model_that_takes_no_pictures(server: ScriptedServer) -> None:
    server.meeting = lambda body: Say({"error": {"message": "m is not a multimodal model"}}, 400)
    judge = a_judge(server.url)
    with pytest.raises(JudgeError, match="not a multimodal model"):
        judge.identity()
    judge.close()


def test_a_server_that_takes_no_list_of_frames(server: ScriptedServer) -> None:
    server.meeting = lambda body: Say({"error": "video decoding failed"}, 500)
    judge = a_judge(server.url, send_as="video", retries=0)
    with pytest.raises(JudgeError, match="--send-as images"):
        judge.identity()
    judge.close()


def test_a_server_that_hides_the_pictures_from_its_model(server: ScriptedServer) -> None:
    server.meeting = lambda body: Say(completion("1", usage={"prompt_tokens": 60}))
    judge = a_judge(server.url)
    with pytest.raises(JudgeError, match="does not show them to the model"):
        judge.answer([a_request()])
    assert server.asked == []
    judge.close()


def test_a_server_that_shows_them(server: ScriptedServer) -> None:
    def meeting(body: Body) -> Say:
        pictures = sum(part["type"] == "image_url" for part in body["messages"][0]["content"])
        return Say(completion("1", usage={"prompt_tokens": 30 + 64 * pictures}))

    server.meeting = meeting
    judge = a_judge(server.url)
    assert judge.answer([a_request()])[0].error is None
    assert len(server.met) == 2
    judge.close()


def test_a_server_that_cuts_long_prompts(server: ScriptedServer) -> None:
    def count_up_to(limit: int, body: Body) -> Say:
        pictures = sum(part["type"] == "image_url" for part in body["messages"][0]["content"])
        return Say(completion("1", usage={"prompt_tokens": min(limit, 30 + 64 * pictures)}))

    server.meeting = lambda body: count_up_to(500, body)
    server.answer = lambda body, count: count_up_to(500, body)
    judge = a_judge(server.url)
    large, small = some_frames(20, 224, 224), some_frames(20, 28, 28)
    answers = judge.answer([a_request("a", frames=large), a_request("b", frames=some_frames(4, 224, 224))])
    cut = "the server counts 500 prompt tokens where the frames alone take 1280 or more"
    assert any(note.startswith(cut) for note in answers[0].notes)
    assert not any("counts" in note for note in answers[1].notes)
    (answer,) = judge.answer([a_request("c", frames=small)])  # small frames may take fewer tokens
    assert not any("counts" in note for note in answer.notes)
    judge.close()


def test_a_key_that_expires_in_mid_run(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say(completion()) if count < 3 else Say({}, 401)
    judge = a_judge(server.url, concurrency=1)
    answers = judge.answer([a_request(f"c{n}") for n in range(8)])
    assert sum(answer.error is None for answer in answers) == 2
    assert len(server.asked) == 3  # the rest was not even sent
    with pytest.raises(JudgeError, match="set OPENAI_API_KEY"):
        judge.answer([a_request()])
    judge.close()


def test_a_server_that_dies_in_mid_run(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say(completion()) if count < 5 else Say({}, 500)
    judge = a_judge(server.url, concurrency=2, retries=1)
    answers = judge.answer([a_request(f"c{n}") for n in range(200)])
    assert sum(answer.error is None for answer in answers) == 4
    assert len(server.asked) < 20
    line = str(answers[-1].error)
    assert line.count("served:m") == 1
    assert line.endswith("3 clips in a row had no answer")
    with pytest.raises(JudgeError, match="3 clips in a row"):
        judge.answer([a_request()])
    judge.close()


def test_one_clip_that_breaks_the_server_does_not_end_the_run(server: ScriptedServer) -> None:
    def answer(body: Body, count: int) -> Say:
        return Say({}, 500) if "poison" in body["messages"][0]["content"][-1]["text"] else Say(completion())

    server.answer = answer
    judge = a_judge(server.url, concurrency=1, retries=1)
    poison = [a_request("p", dimension, text="poison") for dimension in ("quality", "motion") * 4]
    answers = judge.answer([*poison, a_request("q")])
    assert [answer.error is None for answer in answers] == [False] * 8 + [True]
    judge.answer([a_request("q")])
    judge.close()


def test_a_server_that_refuses_everything(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say({"error": {"message": "no pictures today"}}, 400)
    judge = a_judge(server.url, concurrency=1)
    judge.answer([a_request(f"c{n}") for n in range(50)])
    assert len(server.asked) == 3
    with pytest.raises(JudgeError, match="no pictures today"):
        judge.answer([a_request()])
    judge.close()
