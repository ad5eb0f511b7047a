"""The routes of the live page: the empty page, what is asked of the ledger and of `mlo`, and what changes something."""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from mlflow_tmpl.dataclass import dataclass
from mlflow_tmpl.errors import MloError, UsageError
from mlflow_tmpl.views.server import parts, past
from mlflow_tmpl.views.server.asked import checked, words_of
from mlflow_tmpl.views.server.child import Runs, ask
from mlflow_tmpl.views.server.feed import LOOK_S, Feed, Watcher
from mlflow_tmpl.views.server.stamp import stamp_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.requests import Request

    from mlflow_tmpl.views.server.child import Place, Started

_STYLES = re.compile("<style>.*?</style>", re.DOTALL)
"""Of a preview, whose own text is escaped; the live page has its style sheet in a file, and runs under a policy that
allows no other."""

LARGEST_BODY = 1 << 20
BEGIN_S = 120.0
"""How long a run that was started may take to begin: that is, to load the project and to plan."""


@dataclass(frozen=True, slots=True)
class Site:
    """What is served.

    Attributes:
        place: where commands are run.
        shown: pipelines and options of `mlo viz` that say what is drawn.
        watched: folders and files that the drawing depends on.
        read_only: whether nothing can be started or stopped.
    """

    place: Place
    shown: tuple[str, ...]
    watched: tuple[Path, ...]
    read_only: bool = False

    @property
    def root(self) -> Path:
        """The folder whose `.mlo` has the ledger."""
        return self.place.folder


class Live:
    """Answers what the pages ask.

    Args:
        site: what is served.
        graph: the drawing's model as it was when the server started.
    """

    def __init__(self, site: Site, graph: str) -> None:
        self._site = site
        self._root = site.root
        self._watcher = Watcher(site.root)
        self._runs = Runs(site.place)
        self._graph = graph
        self._graph_of: Any = self._state()
        self._drawing = asyncio.Lock()
        self.feed = Feed(self._watcher, lambda: past.tidy(site.root), lambda: stamp_of(site.watched))

    def app(self) -> Starlette:
        """Return the application."""
        return Starlette(routes=self._routes(), lifespan=self._life, exception_handlers={MloError: _told})

    def _routes(self) -> list[Route]:
        asked = [
            ("/graph", self._draw),
            ("/events", self._events),
            ("/runs", self._list),
            ("/runs/{run}", self._show),
            ("/runs/{run}/log", self._log),
            ("/calls", self._calls),
            ("/compare", self._compare),
            ("/datasets/preview", self._preview),
            ("/datasets/versions", self._versions),
            ("/datasets/diff", self._diff),
            ("/datasets/lineage", self._lineage),
            ("/about", self._about),
        ]
        done = [
            ("/plan", self._plan),
            ("/runs/{run}/plan", self._plan_again),
            ("/runs", self._start),
            ("/runs/{run}/resume", self._resume),
            ("/runs/{run}/repeat", self._repeat),
            ("/runs/{run}/cancel", self._cancel),
        ]
        return [
            *(Route(path, _part(path), methods=["GET"]) for path in parts.PARTS),
            *(Route(f"/api{path}", answer, methods=["GET"]) for path, answer in asked),
            *(Route(f"/api{path}", answer, methods=["POST"]) for path, answer in done),
        ]

    @asynccontextmanager
    async def _life(self, _: Starlette) -> AsyncIterator[None]:
        work = asyncio.create_task(self.feed.work())
        try:
            yield
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            self._watcher.close()
            await self._runs.stop()

    def _state(self) -> Any:
        return stamp_of(self._site.watched), past.newest(self._root)

    async def _about(self, _: Request) -> Response:
        return JSONResponse({"read_only": self._site.read_only})

    async def _draw(self, _: Request) -> Response:
        """Answer with the model of the drawing, made anew when a file of the project or the last run is another."""
        async with self._drawing:
            state = await run_in_threadpool(self._state)
            if state != self._graph_of:
                words = ("viz", "--json", *self._site.place.options, *self._site.shown)
                self._graph, self._graph_of = json.dumps(await ask(self._site.place, *words)), state
        return Response(self._graph, media_type="application/json")

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self.feed.listen(), media_type="text/event-stream")

    async def _list(self, request: Request) -> Response:
        return _json(await run_in_threadpool(past.runs, self._root, dict(request.query_params)))

    async def _show(self, request: Request) -> Response:
        run = request.path_params["run"]
        return _json(await run_in_threadpool(past.run, self._root, run, self._watcher.began))

    async def _log(self, request: Request) -> Response:
        return _json(await run_in_threadpool(past.log, self._root, request.path_params["run"]))

    async def _calls(self, request: Request) -> Response:
        node = request.query_params.get("node", "")
        return _json(await run_in_threadpool(past.calls, self._root, node))

    async def _compare(self, request: Request) -> Response:
        references = request.query_params.get("runs", "").split(",")
        return _json(
            await run_in_threadpool(past.compared, self._root, [each for each in references if each])
        )

    async def _preview(self, request: Request) -> Response:
        """Answer with what is in a dataset, as the fragment that a notebook shows, too."""
        name = _name(request)
        with tempfile.TemporaryDirectory(prefix="mlo-") as folder:
            page = Path(folder) / "preview.html"
            await ask(self._site.place, *self._catalog("preview"), f"--html={page}", "--", name)
            text = _STYLES.sub("", page.read_text(encoding="utf-8"))
            return Response(text, media_type="text/plain")

    async def _versions(self, request: Request) -> Response:
        return _json(await self._asked(*self._catalog("history"), "--", _name(request)))

    async def _diff(self, request: Request) -> Response:
        versions = [checked(request.query_params.get(key, "")) for key in ("before", "after")]
        return _json(await self._asked(*self._catalog("diff"), "--", _name(request), *versions))

    async def _lineage(self, request: Request) -> Response:
        words = ("lineage", "--json", *self._site.place.options, "--", _name(request))
        return _json(await self._asked(*words))

    async def _asked(self, *words: str) -> Any:
        return await ask(self._site.place, *words)

    def _catalog(self, command: str) -> Sequence[str]:
        return ("catalog", command, "--json", *self._site.place.options)

    async def _plan(self, request: Request) -> Response:
        asked = await _body(request)
        options = self._site.place.without_environment if asked.get("env") else self._site.place.options
        return _json(await self._asked("run", "--plan", "--json", *options, *words_of(asked)))

    async def _plan_again(self, request: Request) -> Response:
        """Answer with what going on with a run would do."""
        run = checked(request.path_params["run"])
        options = self._site.place.without_environment
        return _json(await self._asked("run", "--plan", "--json", *options, f"--resume={run}"))

    async def _start(self, request: Request) -> Response:
        asked = await _body(request)
        options = self._site.place.without_environment if asked.get("env") else self._site.place.options
        return await self._begin("run", *options, *words_of(asked))

    async def _resume(self, request: Request) -> Response:
        run = checked(request.path_params["run"])
        return await self._begin("run", *self._site.place.without_environment, f"--resume={run}")

    async def _repeat(self, request: Request) -> Response:
        run = checked(request.path_params["run"])
        found = await run_in_threadpool(past.run, self._root, run, {})
        options = self._site.place.without_environment
        return await self._begin("runs", "rerun", *options, "--", found["id"], repeated=found["id"])

    async def _begin(self, *words: str, repeated: str = "") -> Response:
        self._check_writable()
        since = time.time() - 1.0
        started = await self._runs.start(*words)
        return _json({"run": await self._begun(started, repeated, since)}, 201)

    async def _begun(self, started: Started, repeated: str, since: float) -> str:
        """Wait until a run has begun, and return its id.

        Raises:
            UsageError: it was refused.
        """
        while time.time() - since < BEGIN_S:
            ended = started.ended
            run = await run_in_threadpool(past.begun_by, self._root, started.pid, repeated, since)
            if run:
                return run
            if ended:
                raise UsageError(await started.error())
            await asyncio.sleep(LOOK_S)
        return ""

    async def _cancel(self, request: Request) -> Response:
        self._check_writable()
        await _body(request)
        return _json({"run": await run_in_threadpool(past.cancel, self._root, request.path_params["run"])})

    def _check_writable(self) -> None:
        if self._site.read_only:
            raise ReadOnly("the page was opened read-only", hint="start it without --read-only")


class ReadOnly(MloError):
    """Something would be changed from a page that only shows."""


async def _told(_: Request, error: Exception) -> Response:
    """Answer with an error in the words of the command line."""
    told = error if isinstance(error, MloError) else MloError(str(error))
    hint = {"hint": told.hint} if told.hint else {}
    where = {"where": told.where} if told.where else {}
    return _json({"error": told.message, **where, **hint}, 403 if isinstance(error, ReadOnly) else 400)


async def _body(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request carries.

    Raises:
        UsageError: it carries none.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise UsageError("what is asked for is to be JSON")
    text = b""
    async for chunk in request.stream():
        text += chunk
        if len(text) > LARGEST_BODY:
            raise UsageError("what is asked for is too long")
    try:
        data = json.loads(text or b"{}")
    except ValueError as error:
        raise UsageError("what is asked for is no JSON") from error
    if not isinstance(data, dict):
        raise UsageError("what is asked for is to be an object")
    return data


def _name(request: Request) -> str:
    return checked(request.query_params.get("name", ""))


def _json(data: Any, status: int = 200) -> Response:
    """Return data as JSON; numbers that JSON lacks become ``null``."""
    import msgspec

    return Response(msgspec.json.encode(data), status, media_type="application/json")


def _part(path: str) -> Any:
    media, make = parts.PARTS[path]
    text = make()

    async def answer(_: Request) -> Response:
        return PlainTextResponse(text, media_type=media)

    return answer
