# SPDX-License-Identifier: Apache-2.0
"""Holds one TCP connection to a guest's heartbeat and prints each line with the time at which it came.

A program of its own because the lab's guests are reached only from within the lab's network namespace."""

import socket
import sys
import time


def main():
    with socket.create_connection((sys.argv[1], 7), timeout=10) as connection:
        connection.settimeout(None)
        for line in connection.makefile():
            print(time.time_ns(), line.split()[0], flush=True)


if __name__ == "__main__":
    main()
