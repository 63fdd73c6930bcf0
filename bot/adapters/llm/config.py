"""What must be known of a model before it can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.errors import ConfigError

PER_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Per million tokens, in whatever currency the caps are meant in."""

    tokens_in: float
    tokens_out: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / PER_TOKENS


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One OpenAI-compatible chat model. `api_key` may be "" for a local server.

    `seconds` is the deadline for everything that one question asks of the model, retries included.
    Caps on cost are in the currency of `prices` and need them.
    """

    base_url: str
    model: str
    api_key: str = field(default="", repr=False)
    seconds: float = 25.0
    max_retries: int = 1
    max_prompt_tokens: int = 8_000
    max_reply_tokens: int = 1_200
    prices: Prices | None = None
    max_cost_per_question: float | None = None
    max_cost_per_day: float | None = None

    def __post_init__(self) -> None:
        capped = self.max_cost_per_question is not None or self.max_cost_per_day is not None
        if capped and self.prices is None:
            raise ConfigError(
                ["model: a cost cap needs prices; set the prices per million tokens in and out"]
            )

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """None where no prices are set."""
        return self.prices.cost(tokens_in, tokens_out) if self.prices else None

    def affordable_prompt(self) -> int:
        """Tokens that a prompt may have under the cap for one question, 0 or less if none."""
        if self.prices is None or self.max_cost_per_question is None:
            return self.max_prompt_tokens
        left = self.max_cost_per_question - self.prices.cost(0, self.max_reply_tokens)
        if self.prices.tokens_in <= 0:
            return self.max_prompt_tokens if left >= 0 else 0
        return min(self.max_prompt_tokens, int(left * PER_TOKENS / self.prices.tokens_in))
