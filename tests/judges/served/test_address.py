import pytest

from reeljudge.errors import UsageError
from reeljudge.judges.served.address import read_address


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("http://localhost:8000", "http://localhost:8000/v1"),
        ("http://localhost:8000/", "http://localhost:8000/v1"),
        ("http://localhost:8000/v1/", "http://localhost:8000/v1"),
        (" http://localhost:8000/v1/chat/completions ", "http://localhost:8000/v1"),
        ("https://example.org/v1beta/openai/", "https://example.org/v1beta/openai"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://user:s3cret@host:8000/v1", "http://host:8000/v1"),
    ],
)
def test_base(given: str, base: str) -> None:
    assert read_address(given).base == base


@pytest.mark.parametrize(
    "given", [None, "", "localhost:8000", "ftp://host/v1", "http://", "http://host:port/v1"]
)
def test_what_is_no_url_is_refused(given: str | None) -> None:
    with pytest.raises(UsageError, match="--base-url"):
        read_address(given)


@pytest.mark.parametrize("given", ["http://host/v1?api-key=s3cret", "http://host/v1#s3cret"])
def test_no_key_in_the_url(given: str) -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as error:
        read_address(given)
    assert "s3cret" not in str(error.value)


def test_the_key_is_used_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "  sk-very-secret\n")
    address = read_address("http://host/v1")
    assert address.authorization == "Bearer sk-very-secret"
    assert "secret" not in repr(address)
    assert address.redact("key sk-very-secret is wrong") == "key *** is wrong"


def test_a_server_that_echoes_part_of_another_key() -> None:
    assert (
        read_address("http://host").redact("Incorrect key: sk-proj-ab***************xy.")
        == "Incorrect key: ***."
    )


def test_a_password_in_the_url_is_used_and_never_shown() -> None:
    address = read_address("http://user:p%40ss@host/v1")
    assert address.authorization == "Basic dXNlcjpwQHNz"  # user:p@ss
    assert "p@ss" not in repr(address)
    assert address.redact("p@ss p%40ss dXNlcjpwQHNz") == "*** *** ***"


def test_a_key_that_no_header_can_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "kéy two")
    with pytest.raises(UsageError, match="OPENAI_API_KEY") as error:
        read_address("http://host/v1")
    assert "two" not in str(error.value)


def test_loopback() -> None:
    assert all(
        read_address(f"http://{host}/v1").loopback
        for host in ("localhost", "127.0.0.1", "127.1.2.3", "[::1]")
    )
    assert not read_address("http://127.evil.example/v1").loopback
