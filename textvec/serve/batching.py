"""Requests that arrive while a model is busy are computed together."""

import asyncio


class BusyError(Exception):
    """More waits than may."""


class Batcher:
    """Collect what is asked while a model computes, and give it all of that next.

    Nobody waits for company: an idle model begins at once. Under load the batches grow by
    themselves, as far as ``most``, which is what makes transformers quick.

    Parameters
    ----------
    compute : callable
        Takes a list and returns as many results in the same order, anything that can be sliced.
        Runs in a thread.
    pool : concurrent.futures.Executor
        Where it runs, one batch at a time.
    most : int
        How many items make a batch, but that a request is never cut.
    waiting : int
        How many items may wait.
    told : callable
        Called with the number of items of each batch.
    is_quick : callable
        Whether a list of items takes less time than to wake a thread: computed where it is asked.
    """

    def __init__(
        self, compute, pool, most, waiting, told=lambda n_items: None, is_quick=lambda items: False
    ):
        self._compute = compute
        self._pool = pool
        self._most = most
        self._room = waiting
        self._told = told
        self._is_quick = is_quick
        self._queue: list = []  # of (items, future), in order
        self._n_waiting = 0
        self._running = None

    async def __call__(self, items):
        """Return the results of a list of items; raise `BusyError` where too many wait."""
        if self._n_waiting and self._n_waiting + len(items) > self._room:
            raise BusyError
        future = asyncio.get_running_loop().create_future()
        self._queue.append((items, future))
        self._n_waiting += len(items)
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self):
        try:
            while self._queue:
                taken, n_items = [], 0
                while self._queue and (not taken or n_items + len(self._queue[0][0]) <= self._most):
                    taken.append(self._queue.pop(0))
                    n_items += len(taken[-1][0])
                try:
                    await self._answer(taken)
                finally:
                    self._n_waiting -= n_items
        finally:
            self._running = None

    async def _answer(self, taken):
        """Give each request of a batch its results, or its own error."""
        loop = asyncio.get_running_loop()
        items = [item for some, _ in taken for item in some]
        self._told(len(items))
        try:
            if self._is_quick(items):
                results = self._compute(items)
            else:
                results = await loop.run_in_executor(self._pool, self._compute, items)
        except Exception as error:
            if len(taken) == 1:
                _settle(taken[0][1], error=error)
                return
            for one in taken:  # whose text it was, and theirs alone
                await self._answer([one])
            return
        begin = 0
        for some, future in taken:
            _settle(future, results[begin : begin + len(some)])
            begin += len(some)


def _settle(future, result=None, error=None):
    if future.done():  # who asked has gone
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
