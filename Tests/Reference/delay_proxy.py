#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Forwards what comes to one Unix socket to another, each byte so many milliseconds late: a host that is far away.

    delay_proxy.py LISTEN TARGET MILLISECONDS

Ends with its standard input, and so with whoever started it, however that ends.
"""

import asyncio
import os
import sys


async def forward(reader, writer, delay):
    """Sends on what is read, each part `delay` seconds after it came; parts do not wait for one another."""
    loop = asyncio.get_running_loop()
    waiting = asyncio.Queue()

    async def send():
        while True:
            due, part = await waiting.get()
            await asyncio.sleep(max(0, due - loop.time()))
            if not part:
                break
            writer.write(part)
            await writer.drain()
        writer.close()

    sending = asyncio.create_task(send())
    try:
        while part := await reader.read(65536):
            waiting.put_nowait((loop.time() + delay, part))
    except ConnectionError:
        pass
    waiting.put_nowait((loop.time() + delay, b""))
    await asyncio.gather(sending, return_exceptions=True)


async def main(listen, target, milliseconds):
    delay = float(milliseconds) / 1000

    async def connected(reader, writer):
        other_reader, other_writer = await asyncio.open_unix_connection(target)
        await asyncio.gather(forward(reader, other_writer, delay), forward(other_reader, writer, delay))

    def read_on():
        if not os.read(0, 4096):
            os._exit(0)

    asyncio.get_running_loop().add_reader(0, read_on)
    server = await asyncio.start_unix_server(connected, listen)
    os.chmod(listen, 0o777)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
