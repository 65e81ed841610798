"""The broker of one machine: nobody sees half a message, and a damaged file ends nobody."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection, Consumer, Queue
from kombu.exceptions import ChannelError, OperationalError
from kombu.simple import SimpleQueue
from kombu.utils import functional

from config import broker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folders of a broker."""
    for name in ("queue", "control"):
        broker.prepare(tmp_path / name)
    return tmp_path


@pytest.fixture
def connection(folder: Path) -> Iterator[Connection]:
    """The connection of a process that has just started."""
    broker.Transport.global_state.clear()
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    with Connection("filesystem://localhost/", transport="config.broker:Transport", transport_options=options) as made:
        yield made


@pytest.fixture
def channels(connection: Connection) -> list[Any]:
    """Channels of threads that read or write at once; the stubs don't know what they have."""
    return [connection.channel() for _ in range(8)]


def take(queue: SimpleQueue) -> object:
    message = queue.get(block=False)
    message.ack()
    return message.payload


def test_messages_come_in_the_order_they_were_sent_each_to_its_queue(connection: Connection) -> None:
    one, other = connection.SimpleQueue("one"), connection.SimpleQueue("one.more")
    for number in range(12):
        one.put({"number": number})
    other.put({"other": True})
    assert [take(one) for _ in range(12)] == [{"number": number} for number in range(12)]
    assert take(other) == {"other": True}
    with pytest.raises(Empty):
        take(one)


def test_a_worker_whose_threads_are_all_at_work_looks_again_soon(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kombu sleeps for the same time as if there were no messages."""
    slept: list[float] = []
    monkeypatch.setattr("kombu.transport.virtual.base.sleep", slept.append)
    channel: Any = connection.channel()
    channel.basic_qos(0, 1, False)
    queue, got = Queue("one")(channel), list[Any]()
    queue.declare()
    for number in range(2):
        connection.SimpleQueue("one").put(number)
    with Consumer(channel, queue, on_message=got.append):
        connection.drain_events(timeout=1)
        with pytest.raises(socket.timeout):
            connection.drain_events(timeout=0.001)
        assert len(got) == 1 and slept and set(slept) == {0.001}, "the second waits until the first is done"
        got[0].ack()
        connection.drain_events(timeout=1)
    assert [message.payload for message in got] == [0, 1]
    assert broker.Transport.polling_interval < 0.1


def test_a_message_is_never_seen_in_part(folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that is slow: whoever looks meanwhile finds nothing yet."""
    queue = connection.SimpleQueue("one")
    seen: list[object] = []
    write = Path.write_text

    def slow(file: Path, text: str) -> int:
        written = write(file, text[:10])
        with pytest.raises(Empty):
            take(queue)
        seen.append(sorted(each.suffix for each in (folder / "queue").iterdir()))
        write(file, text)
        return written

    monkeypatch.setattr(Path, "write_text", slow)
    queue.put({"number": 1})
    assert seen == [[".new"]]
    assert take(queue) == {"number": 1}
    assert list((folder / "queue").iterdir()) == []


def test_one_of_many_readers_gets_a_message(connection: Connection, channels: list[Any]) -> None:
    queue = connection.SimpleQueue("one")
    for number in range(60):
        queue.put(number)
    got: list[object] = []

    def read(channel: Any) -> None:
        while True:
            try:
                got.append(channel._get("one")["properties"]["delivery_tag"])
            except Empty:
                return

    threads = [threading.Thread(target=read, args=(channel,)) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(map(str, got))) == 60


@pytest.mark.parametrize("content", [b"", b'{"body": ', b"\xff\xfe"])
def test_a_damaged_message_is_left_out(folder: Path, connection: Connection, content: bytes) -> None:
    queue = connection.SimpleQueue("one")
    (folder / "queue" / f"{0:020}_damaged.one.msg").write_bytes(content)
    queue.put("whole")
    assert take(queue) == "whole"
    assert list((folder / "queue").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[[", b"[1]", b"\xff"])
def test_a_damaged_table_is_written_anew(folder: Path, connection: Connection, content: bytes) -> None:
    (folder / "control" / "one.exchange").write_bytes(content)
    queue = connection.SimpleQueue("one")
    queue.put("found")
    assert take(queue) == "found"


def test_queues_that_are_declared_at_once_are_all_kept(channels: list[Any]) -> None:
    start = threading.Barrier(len(channels))

    def declare(number: int) -> None:
        start.wait()
        channels[number]._queue_bind("together", "", "", f"queue-{number}")

    threads = [threading.Thread(target=declare, args=(number,)) for number in range(len(channels))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.queue for row in channels[0].get_table("together")} == {f"queue-{number}" for number in range(8)}


def test_it_refuses_what_it_cannot_write_and_leaves_nothing(folder: Path, channels: list[Any]) -> None:
    channel = channels[0]
    Queue("one")(channel).declare()
    (folder / "queue").rmdir()
    with pytest.raises(ChannelError, match="could not be written"):
        channel._put("one", {})
    assert not (folder / "queue").exists()


def test_what_a_killed_writer_left_is_removed_at_the_next_start(folder: Path) -> None:
    queue = folder / "queue"
    (queue / "old.new").touch()
    (queue / "young.new").touch()
    (queue / "1_2.one.msg").touch()
    long_ago = time.time() - 2 * broker.ABANDONED_SECONDS
    os.utime(queue / "old.new", (long_ago, long_ago))
    os.utime(queue / "1_2.one.msg", (long_ago, long_ago))
    broker.prepare(queue)
    assert sorted(each.name for each in queue.iterdir()) == ["1_2.one.msg", "young.new"]


def test_redis_that_is_away_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(functional, "sleep", slept.append)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
        with Connection(url, transport_options=broker.ON_REDIS) as away, pytest.raises(OperationalError):
            away.default_channel  # noqa: B018 - the property connects
    assert not slept
