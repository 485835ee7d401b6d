"""A worker: a process that does one job after the other (``python -m shiftwork.jobs.worker``)."""

from __future__ import annotations

from shiftwork.jobs.work import Channel, work


def main() -> None:
    """Do what is ordered until the other end closes."""
    channel = Channel()
    while True:
        order = channel.receive()
        channel.ended(order["key"], work(order, channel.teller(order["key"])))


if __name__ == "__main__":
    main()
