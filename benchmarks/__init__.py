"""What docs/performance.md quotes: a module here with `run() -> Iterator[Result]` is a benchmark by its name."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One figure against its target; `at_most` says which side of the target is good."""

    name: str
    value: float
    unit: str
    target: float
    at_most: bool = True

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        return self.value <= self.target if self.at_most else self.value >= self.target

    def __str__(self) -> str:
        sign = "<=" if self.at_most else ">="
        verdict = "ok" if self.ok else "short"
        return f"{self.name} {self.value:.3g} {self.unit} target {sign}{self.target:g} {verdict}"
