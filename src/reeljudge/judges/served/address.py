"""Where a server is and how to show oneself to it. The key lives here and nowhere else."""

import os
import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from reeljudge.errors import UsageError

KEY_VARIABLE = "OPENAI_API_KEY"

_LOOPBACK = re.compile(r"^(localhost|127(\.\d+){3}|::1)$")
_SOME_KEY = re.compile(r"\b(sk|key|gsk|xai|hf)[-_][A-Za-z0-9_\-*]{8,}")


@dataclass(frozen=True)
class Address:
    """The base of a server's OpenAI-compatible routes.

    Attributes:
        base: `http://host:port/v1`, without credentials: what is shown and stored.
        authorization: value of the Authorization header, None for none. Never shown or stored.
        secrets: what must not stand in any text that leaves this package.
    """

    base: str
    authorization: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port alone: where servers tell their version."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def loopback(self) -> bool:
        return _LOOPBACK.match(urlsplit(self.base).hostname or "") is not None

    @property
    def has_key(self) -> bool:
        return self.authorization is not None

    def redact(self, text: str) -> str:
        """`text` without the key or the password, also where a server echoes them, whole or in part."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return _SOME_KEY.sub("***", text)


def read_address(base_url: str | None) -> Address:
    """The address of `--base-url`, with the key from OPENAI_API_KEY.

    A path is kept as given (`/v1beta/openai`); where there is none, `/v1` is meant. `user:password@`
    is used for basic authentication instead of the key.

    Raises:
        UsageError: no URL, or one that cannot be used.
    """
    if not base_url:
        raise UsageError(
            "a served judge needs --base-url: where the server is, such as http://localhost:8000/v1 (vLLM, "
            "transformers serve), http://localhost:11434/v1 (Ollama) or https://api.openai.com/v1"
        )
    try:
        parts = urlsplit(base_url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError("--base-url is not a URL of the form http://host:port/v1")
    if parts.query or parts.fragment:
        raise UsageError(
            f"--base-url takes nothing after '?' or '#': the key comes from {KEY_VARIABLE} alone"
        )
    path = re.sub(r"/chat/completions$", "", parts.path.rstrip("/")) or "/v1"
    place = f"[{host}]" if ":" in host else host
    base = f"{parts.scheme}://{place}{f':{port}' if port else ''}{path}"
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if parts.username or parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        token = b64encode(f"{user}:{password}".encode()).decode()
        secrets = tuple(secret for secret in (token, password, parts.password, key) if secret)
        return Address(base, f"Basic {token}", secrets)
    if not key:
        return Address(base)
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(f"{KEY_VARIABLE} holds characters that no key has: set it again")
    return Address(base, f"Bearer {key}", (key,))
