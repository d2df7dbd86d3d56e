import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment_assets.serving.batcher import Batcher


class Upper:
    """Work that notes what it is given, and waits until it may go on."""

    def __init__(self) -> None:
        self.given: list[list[str]] = []
        self.may_go_on = Event()

    def __call__(self, texts: Sequence[str]) -> list[str]:
        self.given.append(list(texts))
        assert self.may_go_on.wait(10)
        if "fails" in texts:
            raise RuntimeError("it fails")
        return [text.upper() for text in texts]


async def asked(work: Upper, requests: Sequence[Sequence[str]]) -> list[object]:
    """What comes of requests of which all but the first arrive while the first is worked on."""
    with ThreadPoolExecutor(1) as threads:
        batcher = Batcher(work, threads)
        tasks = [asyncio.create_task(batcher.ask(texts)) for texts in requests]
        while not work.given:
            await asyncio.sleep(0.001)
        work.may_go_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)


@given(st.lists(st.lists(st.text("ab", max_size=2), min_size=1, max_size=700), min_size=1, max_size=8))
def test_each_request_has_the_answers_to_its_own_texts(requests: list[list[str]]) -> None:
    work = Upper()
    answers = asyncio.run(asked(work, requests))
    assert answers == [[text.upper() for text in texts] for texts in requests]
    assert max(map(len, work.given)) <= 1_000


def test_requests_that_wait_together_are_answered_together() -> None:
    work = Upper()
    asyncio.run(asked(work, [["a"], ["b", "c"], ["d"]]))
    assert work.given in ([["a"], ["b", "c", "d"]], [["a", "b", "c", "d"]])


def test_one_request_is_never_divided() -> None:
    work = Upper()
    asyncio.run(asked(work, [["a"], ["b"] * 600, ["c"] * 600]))
    assert [len(set(texts) & {"b", "c"}) for texts in work.given] in ([0, 1, 1], [1, 1])


def test_a_failure_is_told_to_those_who_asked_and_the_next_are_answered() -> None:
    work = Upper()
    failed, *others = asyncio.run(asked(work, [["fails"], ["b"] * 1_000, ["c"] * 700]))
    assert isinstance(failed, RuntimeError)
    assert others == [["B"] * 1_000, ["C"] * 700]


def test_who_has_gone_keeps_nobody_waiting() -> None:
    async def gone_and_waiting() -> Sequence[str]:
        work = Upper()
        with ThreadPoolExecutor(1) as threads:
            batcher = Batcher(work, threads)
            first = asyncio.create_task(batcher.ask(["a"]))
            while not work.given:
                await asyncio.sleep(0.001)
            second, third = (asyncio.create_task(batcher.ask([text])) for text in "bc")
            await asyncio.sleep(0)
            first.cancel()
            second.cancel()
            work.may_go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await second
            return await third

    assert asyncio.run(gone_and_waiting()) == ["C"]
