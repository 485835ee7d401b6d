"""What a question costs a language model: turns, time, tokens, and their price if it is known."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shiftwork.assistant.model.server import Complete, Message
from shiftwork.assistant.text import Language

MILLION = 1_000_000


@dataclass
class Meter:
    """A model whose turns are counted, for one question.

    Attributes:
        complete: The model.
        price: Of a million tokens that it reads and that it writes, in any currency; None if not
            known.
        turns: Replies that were asked for.
        seconds: That they took.
        read: Tokens that the server says it read.
        written: Tokens that it says it wrote.
        silent: Replies that say nothing of tokens.
    """

    complete: Complete
    price: tuple[float, float] | None = None
    turns: int = 0
    seconds: float = 0.0
    read: int = 0
    written: int = 0
    silent: int = 0

    def __call__(self, messages: Sequence[Message], tools: Sequence[Mapping[str, Any]]) -> Message:
        """Let the model reply, and count."""
        begin = time.perf_counter()
        self.turns += 1
        usage: Any = None
        try:
            message = self.complete(messages, tools)
            usage = message.get("usage")
        finally:
            self.seconds += time.perf_counter() - begin
            counts: list[Any] = [
                usage.get(name) if isinstance(usage, Mapping) else None
                for name in ("prompt_tokens", "completion_tokens")
            ]
            if all(isinstance(c, int) and not isinstance(c, bool) and c >= 0 for c in counts):
                self.read += counts[0]
                self.written += counts[1]
            else:
                self.silent += 1
        return message

    @property
    def cost(self) -> float | None:
        """In the currency of the price; None if that or the tokens are not known."""
        if self.price is None or self.silent:
            return None
        return (self.price[0] * self.read + self.price[1] * self.written) / MILLION

    def note(self, language: Language) -> str:
        """What was spent, in words."""
        korean = language == "ko"
        if korean:
            parts = [f"언어 모델: {self.turns}회, {self.seconds:.1f}초"]
        else:
            parts = [f"Language model: {self.turns} turns, {self.seconds:.1f} s"]
        if self.read or self.written:
            least = ("적어도 " if korean else "at least ") if self.silent else ""
            parts.append(
                f"{least}토큰 {self.read}개 읽음, {self.written}개 씀"
                if korean
                else f"{least}{self.read} tokens read, {self.written} written"
            )
        else:
            parts.append(
                "서버가 토큰 수를 알려 주지 않음" if korean else "tokens not told by the server"
            )
        if self.cost is not None:
            parts.append(f"{'비용' if korean else 'cost'} {self.cost:.6g}")
        return ", ".join(parts)
