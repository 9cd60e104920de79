# SPDX-License-Identifier: Apache-2.0
"""Stands between the services of a private stack although they speak CURVE: towards those who ask it has a key pair of its
own, which the instances' rows show in the place of each instance's, and with it it asks the instance behind."""

import ctypes
import threading

PUB_FRONT, SUB_BACK, ROUTER, DEALER = 9, 10, 6, 5  # XPUB, XSUB, ROUTER, DEALER
IDENTITY_LIMIT = 1_000
OPTIONS = {"linger": 17, "server": 47, "public": 48, "secret": 49, "server_key": 50}
POLL_IN, DONT_WAIT, SEND_MORE = 1, 1, 2


class PollItem(ctypes.Structure):
    _fields_ = [("socket", ctypes.c_void_p), ("fd", ctypes.c_int), ("events", ctypes.c_short),
                ("revents", ctypes.c_short)]


class Library:
    """What is used of libzmq."""

    def __init__(self):
        self.zmq = ctypes.CDLL("libzmq.so.5", use_errno=True)
        for name in ["zmq_ctx_new", "zmq_socket", "zmq_msg_data"]:
            getattr(self.zmq, name).restype = ctypes.c_void_p
        self.zmq.zmq_msg_size.restype = ctypes.c_size_t
        self.context = ctypes.c_void_p(self.zmq.zmq_ctx_new())

    def pair(self):
        public, secret = ctypes.create_string_buffer(41), ctypes.create_string_buffer(41)
        self.check(self.zmq.zmq_curve_keypair(public, secret), "zmq_curve_keypair")
        return public.value, secret.value

    def check(self, result, what):
        if result < 0:
            raise OSError(ctypes.get_errno(), what)

    def socket(self, kind, **options):
        socket = ctypes.c_void_p(self.zmq.zmq_socket(self.context, kind))
        for name, value in {"linger": 0, **options}.items():
            if isinstance(value, int):
                number = ctypes.c_int(value)
                result = self.zmq.zmq_setsockopt(
                    socket, OPTIONS[name], ctypes.byref(number), ctypes.c_size_t(ctypes.sizeof(number)))
            else:
                result = self.zmq.zmq_setsockopt(socket, OPTIONS[name], value, ctypes.c_size_t(len(value)))
            self.check(result, name)
        return socket

    def receive(self, socket):
        """The frames of one message; None where there is none."""
        frames, message = [], ctypes.create_string_buffer(64)
        while True:
            self.zmq.zmq_msg_init(message)
            if self.zmq.zmq_msg_recv(message, socket, DONT_WAIT) < 0:
                return None
            frames.append(ctypes.string_at(self.zmq.zmq_msg_data(message), self.zmq.zmq_msg_size(message)))
            more = self.zmq.zmq_msg_more(message)
            self.zmq.zmq_msg_close(message)
            if not more:
                return frames

    def send(self, socket, frames):
        for number, frame in enumerate(frames):
            flags = DONT_WAIT | (SEND_MORE if number + 1 < len(frames) else 0)
            if self.zmq.zmq_send(socket, frame, ctypes.c_size_t(len(frame)), flags) < 0:
                return


class Relay:
    """Passes on what comes to `before` at an instance's two ports to the same ports of `behind`, and shows each message to
    `take(frames, direction)`. `key_of(port)` gives the key of the instance that serves there; None: it is not known yet."""

    def __init__(self, before, behind, take, key_of):
        self.before, self.behind, self.take, self.key_of = before, behind, take, key_of
        self.library = Library()
        self.public, self.secret = self.library.pair()
        self.lock, self.wanted, self.sides = threading.Lock(), [], []
        threading.Thread(target=self.run, daemon=True).start()

    def listen(self, publish, command):
        done = threading.Event()
        with self.lock:
            self.wanted.append((publish, command, done))
        if not done.wait(10):
            raise OSError(f"nothing listens on {self.before}:{publish} and {self.before}:{command}")

    def front(self, kind, port):
        socket = self.library.socket(kind, server=1, secret=self.secret)
        self.library.check(
            self.library.zmq.zmq_bind(socket, f"tcp://{self.before}:{port}".encode()), f"bind {port}")
        return socket

    def back(self, kind, port, key):
        socket = self.library.socket(kind, public=self.public, secret=self.secret, server_key=key)
        self.library.check(
            self.library.zmq.zmq_connect(socket, f"tcp://{self.behind}:{port}".encode()), f"connect {port}")
        return socket

    def run(self):
        while True:
            with self.lock:
                wanted, self.wanted = self.wanted, []
            for publish, command, done in wanted:
                self.sides += [Published(self, publish), Asked(self, command)]
                done.set()
            sockets = [socket for side in self.sides for socket in side.sockets()]
            items = (PollItem * len(sockets))(*(PollItem(socket, 0, POLL_IN, 0) for socket in sockets))
            self.library.zmq.zmq_poll(items, len(sockets), ctypes.c_long(20))
            for side in self.sides:
                side.move()


class Published:
    """From an instance's publisher to its subscribers, and the subscriptions back."""

    def __init__(self, relay, port):
        self.relay, self.port, self.behind = relay, port, None
        self.front = relay.front(PUB_FRONT, port)

    def sockets(self):
        return [self.front] + ([self.behind] if self.behind else [])

    def move(self):
        library = self.relay.library
        if self.behind is None:
            key = self.relay.key_of(self.port)
            if key is None:
                return
            self.behind = self.relay.back(SUB_BACK, self.port, key)
        while frames := library.receive(self.front):
            library.send(self.behind, frames)
        while frames := library.receive(self.behind):
            self.relay.take(frames, "published")
            library.send(self.front, frames)


class Asked:
    """From whoever asks an instance, each over a connection of its own, and the answers back."""

    def __init__(self, relay, port):
        self.relay, self.port, self.behind = relay, port, {}
        self.front = relay.front(ROUTER, port)

    def sockets(self):
        return [self.front, *self.behind.values()]

    def move(self):
        library = self.relay.library
        while frames := library.receive(self.front):
            asker, request = frames[0], frames[1:]
            if asker not in self.behind:
                key = self.relay.key_of(self.port)
                if key is None or len(self.behind) >= IDENTITY_LIMIT:
                    continue  # Whoever asks asks again.
                self.behind[asker] = self.relay.back(DEALER, self.port, key)
            self.relay.take(request, "request")
            library.send(self.behind[asker], request)
        for asker, socket in self.behind.items():
            while frames := library.receive(socket):
                self.relay.take(frames, "reply")
                library.send(self.front, [asker, *frames])
