"""Any OpenAI-compatible server (vLLM, SGLang, Ollama, llama.cpp, Friendli): one turn, not streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shiftwork.errors import UserError

Message = Mapping[str, Any]
Complete = Callable[[Sequence[Message], Sequence[Mapping[str, Any]]], Message]
"""Messages and tools to the model's message: content, tool_calls, and usage (tokens) if it is told."""


class ModelFailed(Exception):
    """The server is down, slow, or answers what cannot be used; the text says which."""


def connect(address: str, name: str, key: str | None = None, timeout_s: float = 60.0) -> Complete:
    """Connect to a server; nothing is sent before the first question.

    Args:
        address: Base of its API, such as "http://127.0.0.1:8000/v1".
        name: The model.
        key: If the server wants one.
        timeout_s: Longest time for one turn, seconds.

    Raises:
        UserError: The package openai is missing.
    """
    try:
        import openai
    except ImportError:
        raise UserError(
            "a language model needs the package openai; install it with: "
            "pip install 'shiftwork[assistant]'"
        ) from None
    # Its own defaults wait ten minutes, try three times, and demand a key.
    client = openai.OpenAI(
        base_url=address, api_key=key or "none", timeout=timeout_s, max_retries=0
    )

    def complete(messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Message:
        given = {"model": name, "messages": list(messages), "temperature": 0.0}
        try:
            create: Any = client.chat.completions.create  # its types know no plain dictionaries
            reply = create(**given, tools=list(tools))
            told = reply.model_dump(warnings=False)
            found = told["choices"][0]["message"]
        except openai.APIStatusError as error:
            raise ModelFailed(f"status {error.status_code}") from None
        except openai.APIError as error:
            raise ModelFailed(type(error).__name__) from None
        except Exception:
            raise ModelFailed("no usable reply") from None
        if not isinstance(found, dict):
            raise ModelFailed("no usable reply")
        return found | {"usage": told.get("usage")}

    return complete
