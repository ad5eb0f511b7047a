from __future__ import annotations

import asyncio
import json

import pytest

from mlflow_tmpl.ledger import Ledger
from mlflow_tmpl.views.server.feed import MOST_BEHIND, Feed, Watcher

from .loops import play

ROW = "INSERT INTO run VALUES (" + ", ".join("?" * 23) + ")"
NODE = "INSERT OR REPLACE INTO node_run VALUES (" + ", ".join("?" * 16) + ")"


class Books:
    """A ledger that is written to as a run in another process would."""

    def __init__(self, root):
        self.ledger = Ledger(root)
        self.database = self.ledger._database

    def run(self, run, status="running"):
        around = (
            "d",
            "p",
            "e",
            "[]",
            "",
            "",
            None,
            None,
            "manual",
            None,
            None,
            None,
            "inline",
            "me",
            "here",
            1,
            "",
        )
        self.database.write([(ROW, [(run, *around, 100.0, None, status, None, None)])])

    def node(self, run, name, status, ended_at=None, duration_s=None):
        row = (
            run,
            name,
            "",
            1,
            "run",
            status,
            "",
            "[]",
            "inline",
            "here",
            ended_at,
            duration_s,
            None,
            None,
            None,
            None,
        )
        self.database.write([(NODE, [row])])

    def end(self, run, status="done"):
        self.database.write([("UPDATE run SET status = ?, duration_s = 2.0 WHERE id = ?", [(status, run)])])


@pytest.fixture
def books(tmp_path):
    return Books(tmp_path)


@pytest.fixture
def watcher(tmp_path, books):
    made = Watcher(tmp_path)
    made.look()
    yield made
    made.close()


def told(changes):
    return [(each["kind"], *[(node["name"], node["status"]) for node in each.get("nodes", ())], each.get("status"))
            for each in changes]  # fmt: skip


def test_a_run_of_another_process_is_seen_from_its_begin_to_its_end(watcher, books):
    books.run("r1")
    assert told(watcher.look()) == [("run", "running")]
    books.node("r1", "a", "running")
    assert told(watcher.look()) == [("nodes", ("a", "running"), None)]
    books.node("r1", "a", "done", 101.0, 0.5)
    books.node("r1", "b", "running")
    assert told(watcher.look()) == [("nodes", ("a", "done"), ("b", "running"), None)]
    books.node("r1", "b", "failed", 102.0, 0.5)
    books.end("r1", "failed")
    assert told(watcher.look()) == [("nodes", ("b", "failed"), None), ("run", "failed")]
    assert watcher.look() == []


def test_a_run_that_began_and_ended_between_two_looks_is_seen(watcher, books):
    books.run("r1", "done")
    books.node("r1", "a", "done", 101.0, 0.5)
    assert told(watcher.look()) == [("nodes", ("a", "done"), None), ("run", "done")]


def test_what_did_not_change_is_not_told_again(watcher, books):
    books.run("r1")
    books.node("r1", "a", "done", 101.0, 0.5)
    watcher.look()
    books.node("r1", "b", "done", 102.0, 0.5)
    assert told(watcher.look()) == [("nodes", ("b", "done"), None)]


def test_when_a_node_began_is_known_while_it_runs_and_not_after(watcher, books):
    books.run("r1")
    books.node("r1", "a", "running")
    change = watcher.look()[0]["nodes"][0]
    assert change["began_at"] == watcher.began["r1", "a"]
    books.node("r1", "a", "done", 101.0, 0.5)
    books.end("r1")
    watcher.look()
    assert watcher.began == {}


def test_a_tag_is_told_as_something_else(watcher, books):
    books.ledger.events.add("tag", "run:r1", "good", "", "")
    assert told(watcher.look()) == [("other", None)]


def test_a_ledger_that_comes_later_or_in_the_place_of_another_is_read(tmp_path):
    watcher = Watcher(tmp_path)
    assert watcher.look() == []
    Books(tmp_path)
    watcher.look()
    path = tmp_path / ".mlo" / "ledger.sqlite"
    for file in path.parent.glob("ledger.sqlite*"):
        file.rename(file.with_name(f"old-{file.name}"))
    fresh = Books(tmp_path)
    watcher.look()
    fresh.run("r2")
    assert told(watcher.look()) == [("run", "running")]
    watcher.close()


async def heard(feed, count):
    events = []
    async for event in feed.listen():
        events.append(event)
        if len(events) == count:
            return events
    return events


def test_every_listener_hears_every_change(watcher, books):
    async def listening():
        feed = Feed(watcher, lambda: None, int)
        work = asyncio.create_task(feed.work())
        listeners = [asyncio.create_task(heard(feed, 2)) for _ in range(3)]
        await asyncio.sleep(0.05)
        books.run("r1")
        found = await asyncio.wait_for(asyncio.gather(*listeners), 20)
        work.cancel()
        return found

    for events in play(listening()):
        assert events[0] == 'data: {"kind":"hello"}\n\n'
        assert json.loads(events[1].removeprefix("data: "))["run"] == "r1"


def test_a_change_of_the_project_is_told(watcher, monkeypatch):
    monkeypatch.setattr("mlflow_tmpl.views.server.feed.TIDY_S", 0.0)
    stamps = iter([1, 1, 2])

    async def listening():
        feed = Feed(watcher, lambda: None, lambda: next(stamps, 2))
        work = asyncio.create_task(feed.work())
        found = await asyncio.wait_for(heard(feed, 2), 20)
        work.cancel()
        return found

    assert play(listening())[1] == 'data: {"kind": "project"}\n\n'


def test_listeners_are_let_go_at_the_end_and_so_is_one_that_does_not_listen(watcher):
    async def listening():
        feed = Feed(watcher, lambda: None, int)
        slow = feed.listen()
        await anext(slow)
        for _ in range(MOST_BEHIND + 10):
            feed._tell("{}")
        rest = [event async for event in slow]
        waiting = asyncio.create_task(heard(feed, 2))
        await asyncio.sleep(0.05)
        feed.end()
        return len(rest), await asyncio.wait_for(waiting, 20)

    assert play(listening()) == (MOST_BEHIND, ['data: {"kind":"hello"}\n\n'])
