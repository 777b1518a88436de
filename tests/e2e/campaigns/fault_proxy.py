"""The line between gateway and connector as bytes: cut, stalled or garbled at a place that is chosen in advance."""
import asyncio
import contextlib
import socket
import struct

from harness.waiting import Changes, ended, lasts


class Fault:
    """What happens to one connection once `after` bytes have gone in one direction (0: as it is accepted)."""

    def __init__(self, kind, after, from_gateway, lasts=0.0):
        self.kind, self.after, self.from_gateway, self.lasts = kind, after, from_gateway, lasts


class FaultProxy:
    """Carries bytes between a port of its own and a target. `next_fault` is taken by the next connection, `strike()` is
    for those that stand."""

    def __init__(self, target):
        self.target = target
        self.changes = Changes()
        self.next_fault = None
        self.struck = 0                 # faults that happened
        self.lines = []                 # connections that stand, oldest first
        self._tasks = set()

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self.server.close()
        for task in list(self._tasks):
            await ended(task)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        line = None
        try:
            back, front = await asyncio.open_connection(*self.target)
            line = Line(self, (reader, writer), (back, front), self.next_fault)
            self.next_fault = None
            self.lines.append(line)
            await line.carry()
        except OSError:
            pass
        finally:
            self._tasks.discard(task)
            if line:
                self.lines.remove(line)
                line.end("reset" if line.broken else "drop")
            else:
                writer.close()

    def strike(self, fault):
        """The newest connection meets that fault, counted from now."""
        self.lines[-1].meet(fault)

    def happened(self):
        self.struck += 1
        self.changes.notify()


class Line:
    """One connection through the proxy."""

    def __init__(self, fault_proxy, gateway, connector, fault):
        self.fault_proxy, self.gateway, self.connector = fault_proxy, gateway, connector
        self.broken = False
        self.gone = {True: 0, False: 0}         # bytes, from the gateway or not
        self.stalled = asyncio.Event()
        self.stalled.set()                      # set: it flows
        self.fault, self.due = None, 0
        if fault:
            self.meet(fault)

    def meet(self, fault):
        self.fault, self.due = fault, self.gone[fault.from_gateway] + fault.after

    async def carry(self):
        ways = [asyncio.ensure_future(self._way(self.gateway[0], self.connector[1], True)),
                asyncio.ensure_future(self._way(self.connector[0], self.gateway[1], False))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                await ended(way)

    async def _way(self, reader, writer, from_gateway):
        while piece := await reader.read(65536):
            await self.stalled.wait()
            fault = self.fault
            if fault and fault.from_gateway == from_gateway and self.gone[from_gateway] + len(piece) >= self.due:
                at = max(0, self.due - self.gone[from_gateway])
                self.fault = None
                piece = await self._strike(fault, piece, at, writer)
            self.gone[from_gateway] += len(piece)
            writer.write(piece)
            await writer.drain()

    async def _strike(self, fault, piece, at, writer):
        """What is left of the piece to carry."""
        if fault.kind == "garble":
            at = min(at, len(piece) - 1)
            piece = piece[:at] + bytes([piece[at] ^ 0x55]) + piece[at + 1:]
        elif fault.kind == "drip":
            for n in range(len(piece)):             # a byte in each segment
                writer.write(piece[n:n + 1])
                await writer.drain()
                if n == 400:
                    writer.write(piece[n + 1:])
                    break
            piece = b""
        else:
            writer.write(piece[:at])
            await writer.drain()
            if fault.kind == "stall":
                self.stalled.clear()
                self.fault_proxy.happened()
                await lasts(fault.lasts)     # the silence is the fault
                self.stalled.set()
                return piece[at:]
            self.broken = fault.kind == "reset"
            self.fault_proxy.happened()
            raise ConnectionAbortedError
        self.fault_proxy.happened()
        return piece

    def end(self, how):
        for _, writer in (self.gateway, self.connector):
            raw = writer.get_extra_info("socket")
            if how == "reset" and raw is not None:
                with contextlib.suppress(OSError):      # it has ended already
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()
