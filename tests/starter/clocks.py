"""A clock that a test holds in its hands."""


class HandClock:
    """Stands still until somebody sleeps; sleeping moves it and takes no time."""

    def __init__(self, now_ms: int = 1_712_345_678_901) -> None:
        self._now_ms = float(now_ms)
        self.slept_s: list[float] = []

    def now_ms(self) -> int:
        return int(self._now_ms)

    def elapsed_s(self) -> float:
        return self._now_ms / 1_000

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.pass_s(seconds)

    def pass_s(self, seconds: float) -> None:
        self._now_ms += seconds * 1_000
