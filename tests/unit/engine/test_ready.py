"""Which ready node starts next, and what there has to be room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from mlflow_tmpl import Node, NodeOptions, Pipeline
from mlflow_tmpl.engine.machine import Machine, found
from mlflow_tmpl.engine.ready import Ready
from mlflow_tmpl.pipeline.options import Resources

if TYPE_CHECKING:
    from mlflow_tmpl.engine.engines import Engines


class Room:
    def __init__(self, slots: int, *, blocks: bool = False, seats: bool = False) -> None:
        self.slots, self.blocks, self.seats = slots, blocks, seats


class Rooms(dict[str, Room]):
    default = "threads"


def _nothing() -> None: ...


def ready(nodes: dict[str, NodeOptions], rooms: Rooms, ranks: list[int] | None = None) -> Ready:
    pipeline = Pipeline([Node(_nothing, name=name, options=options) for name, options in nodes.items()])
    machine = Machine(Resources(4, 1, 8))
    found = Ready(pipeline, cast("Engines", rooms), machine, ranks)
    for position in range(len(pipeline)):
        found.put(position)
    return found


def taken(waiting: Ready) -> list[int]:
    found = []
    while (item := waiting.take()) is not None:
        found.append(item[0])
    return found


def test_nodes_start_by_their_rank_as_long_as_there_are_slots() -> None:
    plain = NodeOptions()
    waiting = ready(dict.fromkeys("abcd", plain), Rooms(threads=Room(2)), [3, 1, 0, 2])
    assert taken(waiting) == [2, 1]
    waiting.give_back(2)
    assert taken(waiting) == [3]


def test_each_engine_has_slots_of_its_own_and_what_runs_in_this_thread_comes_last() -> None:
    here, there = NodeOptions(engine="inline"), NodeOptions()
    rooms = Rooms(threads=Room(1), inline=Room(1, blocks=True))
    assert taken(ready({"a": here, "b": there, "c": there, "d": here}, rooms)) == [1, 0]


@pytest.mark.parametrize("resource", [{"cpus": 3}, {"gpus": 1}, {"memory": 5}])
def test_what_others_have_taken_of_the_machine_is_not_there(resource: dict[str, Any]) -> None:
    large, plain = NodeOptions(resources=resource), NodeOptions()
    waiting = ready({"a": large, "b": large, "c": plain}, Rooms(threads=Room(8)))
    assert taken(waiting) == [0, 2]
    waiting.give_back(0)
    assert taken(waiting) == [1]


def test_parts_of_a_processor_add_up() -> None:
    tenth = NodeOptions(resources={"gpus": 0.1})
    assert len(taken(ready(dict.fromkeys("abcdefghijkl", tenth), Rooms(threads=Room(99))))) == 10


def test_an_engine_that_places_nodes_itself_is_given_all() -> None:
    large = NodeOptions(resources={"cpus": 3})
    assert taken(ready({"a": large, "b": large}, Rooms(threads=Room(8, seats=True)))) == [0, 1]


def test_what_is_more_than_the_machine_has_still_runs_alone() -> None:
    huge, small = NodeOptions(resources={"cpus": 99}), NodeOptions(resources={"cpus": 1})
    waiting = ready({"a": huge, "b": small}, Rooms(threads=Room(8)))
    assert taken(waiting) == [0]
    waiting.give_back(0)
    assert taken(waiting) == [1]


def test_the_machine_says_what_it_lacks_in_words() -> None:
    machine = Machine(Resources(2, 0, 4 * 10**9))
    assert machine.lacks(Resources(8, 1, 16 * 10**9)) == ("8 cpus of 2, 1 gpus of 0, 16 GB of memory of 4")
    assert machine.lacks(Resources(2, 0, 10**9)) == ""


def test_the_machine_is_found_with_the_gpus_that_this_process_may_see() -> None:
    assert found({"CUDA_VISIBLE_DEVICES": "0,2"}).gpus == 2
    assert found({"CUDA_VISIBLE_DEVICES": ""}).gpus == 0
    here = found({"CUDA_VISIBLE_DEVICES": "-1"})
    assert (here.gpus, here.cpus >= 1, here.memory_bytes > 2**27) == (0, True, True)
