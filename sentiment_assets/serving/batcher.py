"""Requests that wait together are answered together, by one matrix product."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")
_MOST_TEXTS = 1_000


class Batcher(Generic[_Answer]):
    """Takes texts of many requests, and has them answered, as many at once as wait while others are worked on.

    Nobody waits for others to come: a request that comes alone is answered alone.
    """

    def __init__(self, work: Callable[[Sequence[str]], Sequence[_Answer]], threads: Executor) -> None:
        """``work`` answers each of some texts, in order, in one of the ``threads``."""
        self._work, self._threads = work, threads
        self._waiting: deque[tuple[Sequence[str], asyncio.Future[Sequence[_Answer]]]] = deque()
        self._draining: asyncio.Task[None] | None = None

    async def ask(self, texts: Sequence[str]) -> Sequence[_Answer]:
        """An answer for each text, all of one piece of work. Raises what the work raises."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((texts, future))
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            taken = self._take()
            texts = [text for own, _ in taken for text in own]
            try:
                answers = await loop.run_in_executor(self._threads, self._work, texts)
            except Exception as error:  # noqa: BLE001  whatever it is, those who wait are told
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            start = 0
            for own, future in taken:
                if not future.done():  # who asked may have gone
                    future.set_result(answers[start : start + len(own)])
                start += len(own)

    def _take(self) -> list[tuple[Sequence[str], asyncio.Future[Sequence[_Answer]]]]:
        """The requests that come first, whole, up to some number of texts."""
        taken = [self._waiting.popleft()]
        n_texts = len(taken[0][0])
        while self._waiting and n_texts + len(self._waiting[0][0]) <= _MOST_TEXTS:
            taken.append(self._waiting.popleft())
            n_texts += len(taken[-1][0])
        return taken
