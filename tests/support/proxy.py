"""A TCP proxy that does to a link what networks do: hold, drop, delay, cut."""

import asyncio


class Proxy:
    """Forwards a port of its own to ``port``.

    ``hold()`` keeps bytes back and delivers them after ``go_on()``; ``drop()`` loses them while the
    connection seems to stand; ``garble()`` flips bits of all that passes; ``cut()`` breaks every
    connection; ``delay_s`` slows every byte.
    """

    def __init__(self, port):
        self.target, self.port, self.delay_s, self.dropping = port, 0, 0.0, False
        self.garbling = False
        self._flow = asyncio.Event()
        self._flow.set()
        self._writers, self._tasks = set(), set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hold(self):
        self._flow.clear()

    def drop(self):
        self.dropping = True

    def garble(self):
        self.garbling = True

    def go_on(self):
        self.dropping = self.garbling = False
        self._flow.set()

    def cut(self):
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _accept(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        for a, b in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._pump(a, b))
            self._tasks.add(task)

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(65536):
                await self._flow.wait()
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.garbling:
                    data = bytes(byte ^ 0x5A for byte in data)
                if not self.dropping:
                    writer.write(data)
                    await writer.drain()
        except OSError:
            return
        finally:
            writer.transport.abort()
