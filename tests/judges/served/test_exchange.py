"""What goes wrong on the way to a server: waiting, trying again, how many at once."""

import threading

import pytest
from asking import a_judge, a_request, texts
from scripted_server import Body, Say, ScriptedServer, completion


def test_429_is_waited_out_as_the_server_says(server: ScriptedServer) -> None:
    server.answer = lambda body, count: (
        Say({"error": {"message": "slow down"}}, 429, {"Retry-After": "0.4"})
        if count == 1
        else Say(completion())
    )
    judge = a_judge(server.url)
    (answer,) = judge.answer([a_request()])
    assert texts([answer]) == ["ok"]
    assert server.at[1] - server.at[0] >= 0.4
    assert "answered at attempt 2 (before: status 429)" in answer.notes
    judge.close()


def test_while_the_server_asks_to_wait_nothing_else_is_sent(server: ScriptedServer) -> None:
    server.answer = lambda body, count: (
        Say({}, 429, {"Retry-After": "0.4"}) if count == 1 else Say(completion())
    )
    judge = a_judge(server.url, concurrency=1)
    judge.answer([a_request(f"c{n}") for n in range(4)])
    assert all(later - server.at[0] >= 0.4 for later in server.at[1:])
    assert len(server.at) == 5
    judge.close()


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Say({"error": "boom"}, 500), "status 500"),
        (Say(b"<html>Bad Gateway</html>", 502), "status 502"),
        (Say(b"not JSON at all"), "garbage"),
        (Say(b""), "garbage"),
        (Say([1, 2]), "garbage"),
        (Say({"choices": []}), "garbage"),
        (Say(completion(), cut_after=25), "half a response"),
        (Say({"error": {"message": "upstream", "code": 503}}), "status 503"),
        (Say(completion(), wait=1.0), "timeout"),
    ],
)
def test_what_passes_is_tried_again(server: ScriptedServer, trouble: Say, kind: str) -> None:
    server.answer = lambda body, count: trouble if count <= 2 else Say(completion("quality: 4"))
    judge = a_judge(server.url, timeout=0.5, retries=2)
    (answer,) = judge.answer([a_request()])
    assert texts([answer]) == ["quality: 4"]
    assert f"answered at attempt 3 (before: {kind}, {kind})" in answer.notes
    assert len(server.asked) == 3
    judge.close()


def test_a_connection_that_the_server_closed_costs_no_attempt(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say(hang_up=True) if count == 1 else Say(completion())
    judge = a_judge(server.url, retries=0)
    (answer,) = judge.answer([a_request()])
    assert texts([answer]) == ["ok"]
    assert not any("attempt" in note for note in answer.notes)
    judge.close()


def test_a_server_that_always_hangs_up(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say(hang_up=True)
    judge = a_judge(server.url, retries=2)
    (answer,) = judge.answer([a_request()])
    assert str(answer.error) == f"served:m: {server.url} closed the connection (3 attempts)"
    assert len(server.asked) == 4
    judge.close()


def test_retries_end(server: ScriptedServer) -> None:
    server.answer = lambda body, count: Say({"error": {"message": "boom"}}, 500)
    judge = a_judge(server.url, retries=3)
    (answer,) = judge.answer([a_request()])
    assert answer.replies == ()
    assert str(answer.error) == f"served:m: {server.url} failed with status 500: boom (4 attempts)"
    assert len(server.asked) == 4
    judge.close()


def test_a_refusal_is_not_repeated_and_costs_only_its_clip(server: ScriptedServer) -> None:
    def answer(body: Body, count: int) -> Say:
        bad = body["messages"][0]["content"][-1]["text"] == "bad"
        return Say({"error": {"message": "cannot decode the image"}}, 400) if bad else Say(completion())

    server.answer = answer
    judge = a_judge(server.url)
    kinds = ["good"] + ["bad", "good"] * 5
    judge.answer([a_request("first")])
    answers = judge.answer([a_request(f"c{n}", text=kind) for n, kind in enumerate(kinds)])
    assert [answer.error is None for answer in answers] == [kind == "good" for kind in kinds]
    assert "cannot decode the image" in str(answers[1].error)
    assert len(server.asked) == 12
    judge.answer([a_request("later")])
    judge.close()


def test_as_many_as_the_bound_in_flight_and_no_more(server: ScriptedServer) -> None:
    together = threading.Barrier(5)

    def answer(body: Body, count: int) -> Say:
        together.wait(timeout=10)  # breaks where fewer than five are sent at once
        return Say(completion())

    server.answer = answer
    judge = a_judge(server.url, concurrency=5, timeout=30.0)
    assert texts(judge.answer([a_request(f"c{n}") for n in range(30)])) == ["ok"] * 30
    assert server.most_active == 5
    assert len(server.asked) == 30
    judge.close()


def test_fewer_in_flight_once_the_server_was_full(server: ScriptedServer) -> None:
    def answer(body: Body, count: int) -> Say:
        if count > 8:
            seen.append(server.active)
        return Say({}, 503) if count <= 8 else Say(completion(), wait=0.03)

    seen: list[int] = []
    server.answer = answer
    judge = a_judge(server.url, concurrency=8)
    answers = judge.answer([a_request(f"c{n}") for n in range(12)])
    assert texts(answers) == ["ok"] * 12
    assert seen[0] <= 4  # half, then creeping up
    judge.close()


def test_a_retry_is_said(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = lambda body, count: Say({}, 500) if count == 1 else Say(completion())
    judge = a_judge(server.url)
    judge.answer([a_request()])
    assert "trying again in" in caplog.text
    judge.close()
