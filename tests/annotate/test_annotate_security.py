"""Who is kept out of the rating page, and what its answers and files may not hold."""

from importlib import resources
from pathlib import Path
from typing import Any

from annotate_server import HEADERS, HERE
from starlette.testclient import TestClient

from reeljudge.annotate.app import STATIC, make_app
from reeljudge.annotate.security import MOST_BYTES
from reeljudge.annotate.task import Task


def test_without_a_link_nothing_is_told(quality: Task) -> None:
    client = TestClient(make_app(quality), base_url=HERE, headers=HEADERS)
    assert client.post("/api/enter", json={"token": "wrong"}).status_code == 401
    for method, path in [
        ("GET", "/api/task"),
        ("POST", "/api/more"),
        ("GET", "/api/page/x"),
        ("GET", "/api/page/x/video"),
        ("GET", "/api/admin/progress"),
        ("GET", "/api/admin/export.jsonl"),
        ("POST", "/api/admin/raters"),
    ]:
        reply = client.request(
            method, path, json={"name": "eve"} if method == "POST" and "raters" in path else {}
        )
        assert reply.status_code == 401, path
        assert "prompt" not in reply.text
    assert client.get("/openapi.json").status_code == 404
    assert client.get("/docs").status_code == 404


def test_raters_are_kept_apart(quality: Task, enter: Any) -> None:
    ann, bob = enter(quality, "ann"), enter(quality, "bob")
    unit = ann.units()[0]
    assert bob.client.get(f"/api/page/{unit}").status_code == 404
    assert bob.client.get(f"/api/page/{unit}/video").status_code == 404
    assert bob.save(unit, scores={"quality": 1}).status_code == 404
    assert bob.client.get("/api/admin/progress").status_code == 401
    # A page left open by ann in a browser that bob uses now.
    reply = bob.client.get("/api/task", headers={"x-reeljudge-rater": "annskey"})
    assert reply.status_code == 403
    assert list(quality.store.ratings()) == []


def test_links_are_hashed_and_can_be_revoked(quality: Task, enter: Any, tmp_path: Path) -> None:
    ann = enter(quality)
    token = ann.client.cookies.get("reeljudge_rater_8321")
    assert token is not None
    assert token.encode() not in b"".join(path.read_bytes() for path in tmp_path.glob("ratings.db*"))
    (cookie,) = [one for one in ann.client.cookies.jar if one.name == "reeljudge_rater_8321"]
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "strict"
    admin = enter(quality, None)
    assert admin.client.post("/api/admin/revoke", json={"name": "ann"}).json()["revoked"] == 1
    assert ann.client.get("/api/task").status_code == 401


def test_other_sites_cannot_write(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    address = f"/api/page/{ann.units()[0]}"
    body = {"kind": "scores", "save": "save-0001", "scores": {"quality": 1}}
    for headers in (
        {"x-reeljudge": ""},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        reply = ann.client.put(address, json=body, headers=headers)
        assert reply.status_code == 403, headers
        assert "access-control-allow-origin" not in reply.headers
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert ann.client.put(address, content="a=b", headers=form).status_code == 415
    assert list(quality.store.ratings()) == []
    own = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert ann.client.put(address, json=body, headers=own).status_code == 200


def test_hosts(quality: Task) -> None:
    """A foreign name that points to this machine (DNS rebinding) gets nothing."""
    client = TestClient(make_app(quality, hosts=["rate.example.org"]), base_url=HERE)
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:8321", "", "[::1]x.evil", "a/b"):
        assert client.get("/", headers={"host": host}).status_code == 400, host
    for host in ("localhost:8321", "127.0.0.1:1", "[::1]:8321", "Rate.Example.org", "192.168.1.7"):
        assert client.get("/", headers={"host": host}).status_code == 200, host


def test_no_path_leads_outside(quality: Task, enter: Any) -> None:
    client = enter(quality).client
    for path in (
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/rate.html",
        "/static//etc/passwd",
        "/static/..\\app.py",
        "/api/page/..%2f..%2f..%2fetc%2fpasswd/video",
        "/api/page/videos%2fgen0%2fp0.mp4/video",
        "/videos/gen0/p0.mp4",
        "/ratings.db",
    ):
        reply = client.get(path)
        assert reply.status_code in (404, 405), path
        assert b"ftyp" not in reply.content
        assert b"import" not in reply.content


def test_large_bodies_are_refused_and_read_to_the_end(quality: Task, enter: Any) -> None:
    ann = enter(quality)
    unit = ann.units()[0]
    assert ann.save(unit, scores={"quality": 4}, rationales={"quality": "x" * 10_000_000}).status_code == 413
    chunks = (b"x" * 65_536 for _ in range(200))
    assert ann.client.put(f"/api/page/{unit}", content=chunks).status_code == 413
    fits = "x" * (MOST_BYTES - 1000)
    assert ann.save(unit, scores={"quality": 4}, rationales={"quality": fits}).status_code == 422
    deep = "[" * 100_000
    assert ann.client.put(f"/api/page/{unit}", content=deep).status_code in (400, 422)


def test_every_answer_has_the_headers(quality: Task) -> None:
    client = TestClient(make_app(quality), base_url=HERE)
    for path in ("/", "/admin", "/static/rate.js", "/api/task", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


PAGES = resources.files("reeljudge.annotate") / "static"


def test_pages_hold_no_inline_script_or_style() -> None:
    for name in ("rate.html", "admin.html"):
        text = (PAGES / name).read_text(encoding="utf-8")
        assert "<style" not in text
        assert " style=" not in text
        assert " on" not in text.replace(" one", "").replace(" only", "").split("<body>")[0]
        assert text.count("<script") == text.count('<script type="module" src="/static/')
    for name in STATIC:
        text = (PAGES / name).read_text(encoding="utf-8")
        for danger in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert danger not in text, f"{name}: {danger}"
