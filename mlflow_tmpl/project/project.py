"""A project: its root, its settings, and through them config, catalog, pipelines, plans and runs."""

from __future__ import annotations

from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.asked import Asked, Manner, names_of, told_apart
from mlflow_tmpl.assembly import Assembly
from mlflow_tmpl.config import Config, Origin, environments, located, open_source
from mlflow_tmpl.config.parsed import ParsedYaml
from mlflow_tmpl.config.sources import Folder, recorded_source
from mlflow_tmpl.history.remembering import Remembering
from mlflow_tmpl.history.trust import SAY_SOURCE, check_trusted
from mlflow_tmpl.masking import Secrets
from mlflow_tmpl.pipeline import Pipeline, Selection
from mlflow_tmpl.pipeline.discovery import DEFAULT, unknown_pipeline
from mlflow_tmpl.project.datasets import catalog_of, shared_store_options
from mlflow_tmpl.project.planner import Planner
from mlflow_tmpl.settings import Settings, find_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlflow_tmpl.asked import Names, Overrides
    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Value
    from mlflow_tmpl.engine import RunResult
    from mlflow_tmpl.engine.events import Listener
    from mlflow_tmpl.engine.sweep import Sweep
    from mlflow_tmpl.hooks.calling import Hooks
    from mlflow_tmpl.hooks.points import NoHooks
    from mlflow_tmpl.ledger import Ledger, NodeRecord
    from mlflow_tmpl.ledger.project_store import ProjectStore
    from mlflow_tmpl.ledger.records import RunRecord
    from mlflow_tmpl.ledger.request import Request
    from mlflow_tmpl.planning import Plan
    from mlflow_tmpl.store import Shelf
    from mlflow_tmpl.store.kept import KeptValues
    from mlflow_tmpl.views.preview import Preview


def open_project(
    path: str | Path = ".",
    env: str | None = None,
    conf_source: str | Path | None = None,
    *,
    secrets: Secrets | None = None,
    remembers: bool = False,
) -> Project:
    """Return the project that a folder lies in.

    Nothing but `pyproject.toml` is read before it is asked for, so opening is cheap.

    Args:
        path: a folder inside the project, or a single file with nodes.
        env: configuration environment; the project's own choice unless given.
        conf_source: a folder, an archive, or a URL of one, that takes the place of the configuration folder.
        secrets: is told of the secrets that are used, so that they can be masked in what is shown.
        remembers: whether plans are made from pipelines as they were last loaded, where nothing that they depend on
            has changed; the functions of their nodes cannot be called.

    Raises:
        ProjectError: there is no project, or its `[tool.mlo]` is wrong.
    """
    root, settings = find_root(Path(path))
    return Project(root, settings, env, conf_source=conf_source, secrets=secrets, remembers=remembers)


class Project(Remembering):
    """A folder whose `pyproject.toml` has a `[tool.mlo]` table.

    It can be run any number of times, also from several threads.

    Args:
        root: the folder.
        settings: what the table says.
        env: configuration environment; the settings' own unless given.
        home: the folder whose `.mlo` has ledger and store; the same unless given.
        conf_source: what takes the place of the configuration folder: a folder, an archive, or a URL.
        secrets: is told of the secrets that are used, so that they can be masked in what is shown.
        remembers: whether plans are made from pipelines as they were last loaded.

    Attributes:
        root: the folder.
        home: the folder whose `.mlo` has ledger and store.
        settings: what `[tool.mlo]` says.
        environment: configuration environment, or ``None``.
        conf_source: what takes the place of the configuration folder, or ``None``.
        secrets: the secrets that were used so far.
        planner: makes its plans.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        env: str | None = None,
        home: Path | None = None,
        conf_source: str | Path | None = None,
        secrets: Secrets | None = None,
        remembers: bool = False,
    ) -> None:
        self.root = root
        self.home = home or root
        self.settings = settings
        self.environment = env or settings.environment
        self.conf_source = conf_source
        self.secrets = Secrets() if secrets is None else secrets
        self._lock = RLock()
        self.planner = Planner(self, remembers=remembers)

    def __repr__(self) -> str:
        return f"<Project {self.name} at {self.root}>"

    @property
    def name(self) -> str:
        """The name of the project's folder; of a package that lies in it as it is, the package's."""
        return self.settings.package if self.settings.source == "." else self.root.name

    @cached_property
    def config(self) -> Config:
        """The layered configuration.

        Raises:
            ConfigError: the environment is not known.
        """
        if self.settings.resolvers:
            self.assembly.find_source()
        given = self.conf_source
        source = (
            Folder(self.root / self.settings.config, self.parsed_yaml)
            if given is None
            else open_source(given)
        )
        layers = environments(self.environment, self.settings.environments, source)
        return Config(source, layers, self.settings.resolvers, self.secrets.add_variable)

    @cached_property
    def parsed_yaml(self) -> ParsedYaml:
        """What parses the configuration, once as long as it does not change."""
        from mlflow_tmpl import __version__
        from mlflow_tmpl.catalog.secrets import hides
        from mlflow_tmpl.ledger.database import FOLDER

        return ParsedYaml(self.home / FOLDER / "cache" / "yaml", __version__, hides)

    @property
    def params(self) -> dict[str, Any]:
        """The resolved parameters, as plain data."""
        plain: dict[str, Any] = self.config.parameters.plain()
        return plain

    @cached_property
    def catalog(self) -> Catalog:
        """The datasets."""
        return catalog_of(self, self.config)

    @cached_property
    def ledger(self) -> Ledger:
        """The record of what was run.

        Raises:
            LedgerError: it cannot be opened.
        """
        from mlflow_tmpl.ledger import Ledger

        with self._lock:
            # Threads that ask at once get one and the same: `cached_property` alone has no lock from Python 3.12 on.
            known: Ledger | None = self.__dict__.get("ledger")
            return known or self.__dict__.setdefault("ledger", Ledger(self.home))

    @cached_property
    def shelf(self) -> Shelf:
        """What is kept of outputs."""
        from mlflow_tmpl.ledger.database import FOLDER
        from mlflow_tmpl.store import Shelf, Store

        said = self.settings.store
        store = Store(self.home / FOLDER / "store")
        return Shelf(store, trusted=said.trusted, largest_bytes=said.max_bytes)

    @cached_property
    def kept(self) -> KeptValues:
        """What is kept of the values of memory."""
        from mlflow_tmpl.store.kept import KeptValues

        hash_file, trusts = (lambda path: self.ledger.hashes(path)), self.shelf.is_trusted
        return KeptValues(self.shelf.store, self.ledger.kept(), hash_file, trusts)

    @property
    def store(self) -> ProjectStore:
        """What is kept of past outputs: how full it is, checked, collected, shared."""
        from mlflow_tmpl.ledger.project_store import ProjectStore

        return ProjectStore(
            self.shelf.store,
            lambda: self.ledger,
            self.root,
            self.settings.store,
            partial(shared_store_options, self),
        )

    @property
    def has_ledger(self) -> bool:
        """Whether anything was ever recorded."""
        from mlflow_tmpl.ledger.database import FILE, FOLDER

        return (self.home / FOLDER / FILE).exists()

    @cached_property
    def assembly(self) -> Assembly:
        """Its code, imported when it is asked for."""
        return Assembly(self.root, self.settings, self.planner.heard)

    @cached_property
    def hooks(self) -> Hooks | NoHooks:
        """What is told of its plans and runs."""
        from mlflow_tmpl.hooks.points import hooks_of
        from mlflow_tmpl.ledger.database import FOLDER

        cache = self.home / FOLDER / "cache" / "hooks.json"
        return hooks_of(self.root, self.settings, self.name, cache, self.assembly.loading)

    @cached_property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The pipelines by name; a node module is imported when a pipeline that needs it is asked for.

        Raises:
            ProjectError: the package cannot be found or imported.
            PipelineError: nodes that do not make a pipeline.
        """
        return self.assembly.pipelines(self.config.parameters)

    def pipeline(self, *names: str, parameters: Value | None = None) -> Pipeline:
        """Return one pipeline, or several as one; all nodes if none is named.

        Args:
            names: of pipelines.
            parameters: that pipelines are made from, if other than the project's own.

        Raises:
            UsageError: there is no pipeline of that name.
        """
        own = parameters is None or not self.assembly.takes_parameters
        known = self.pipelines if own or parameters is None else self.assembly.pipelines(parameters)
        for name in names:
            if name not in known:
                raise unknown_pipeline(name, known)
        if len(names) > 1:
            return Pipeline([known[name] for name in names])
        return known[names[0] if names else DEFAULT]

    def preview(self, name: str, *, rows: int = 10, whole: bool = False) -> Preview:
        """Return what is in a dataset; a notebook shows it as a page does.

        Args:
            name: the dataset, or ``NAME:VERSION`` for a past content of it.
            rows: how many rows are shown.
            whole: whether to read all of it, however large.

        Raises:
            CatalogError: there is no such dataset, or nothing to load.
            DataError: it cannot be loaded, or only as a whole and is too large for that.
        """
        from mlflow_tmpl.views.preview import preview

        return preview(self.catalog, name, rows=rows, whole=whole)

    def plan(
        self,
        *pipelines: str,
        params: Overrides | None = None,
        reuse: bool = True,
        force: Names = (),
        load_versions: Mapping[str, str] | None = None,
        validate: bool = True,
        **selectors: Names,
    ) -> Plan:
        """Return what `run` would do, and why.

        Args:
            pipelines: names; all nodes if none is given.
            params: values that override the configuration: dotted key to value.
            reuse: whether earlier results stand.
            force: nodes that run whatever the past says.
            load_versions: input to the version of it that is loaded: a run, the beginning of a hash, an alias, or, of
                one that is versioned, ``2024-01-31T09.15.00.123Z``.
            validate: whether data is checked by the schemas of the catalog.
            selectors: as the options of the command line: ``from_nodes``, ``to_outputs``, ``tags``, ...

        Raises:
            MloError: anything that can be known to be wrong before a node starts.
        """
        asked = Asked(params, reuse, frozenset(names_of(force)), load_versions or {}, validate, selectors)
        plan = self.planner.plan(pipelines, asked, lambda _: True)
        self.hooks.planned(plan)
        return plan

    def outline(self, *names: str, code: bool = False) -> Pipeline:
        """Return pipelines to look at: their functions may be such as cannot be called.

        Args:
            names: of pipelines; all nodes if none is given.
            code: whether the source text of functions is looked at.

        Raises:
            MloError: as `pipeline`.
        """
        return self.planner.outline(names, code=code)

    def members(self) -> Mapping[str, Sequence[str]]:
        """Return the pipelines by name, each with the names of its nodes.

        Raises:
            MloError: as `pipelines`.
        """
        known = self.planner.remembered((), self.config.parameters)
        if known is not None and known.members is not None:
            return known.members
        return {name: [node.name for node in pipeline] for name, pipeline in self.pipelines.items()}

    @property
    def pipeline_names(self) -> Sequence[str]:
        """The names of the pipelines.

        Raises:
            MloError: as `pipelines`.
        """
        known = self.planner.remembered((), self.config.parameters)
        return list(self.pipelines) if known is None else known.names

    @property
    def why_loaded(self) -> str:
        """Why the project has to be loaded each time; empty if it has not, or was not loaded yet."""
        return self.planner.why_loaded

    def run(
        self,
        *pipelines: str,
        params: Overrides | None = None,
        engine: str | None = None,
        address: str | None = None,
        jobs: int | None = None,
        reuse: bool = True,
        force: Names = (),
        keep_going: bool | None = None,
        load_versions: Mapping[str, str] | None = None,
        validate: bool = True,
        wait: bool | float = False,
        listeners: Sequence[Listener] = (),
        command: str = "",
        cause: str = "",
        parent: str = "",
        tag: Mapping[str, str] | None = None,
        **selectors: Names,
    ) -> RunResult:
        """Run what has to run.

        Args:
            pipelines: names; all nodes if none is given.
            params: values that override the configuration: dotted key to value.
            engine: where nodes run that name no engine of their own: ``auto``, ``inline``, ``threads``, ``processes``,
                ``dask`` or ``ray``.
            address: of the Dask or Ray cluster to use; one is started for the run if none is given.
            jobs: how many at a time.
            reuse: whether earlier results stand.
            force: nodes that run whatever the past says.
            keep_going: whether a failure leaves alone what does not depend on it.
            load_versions: input to the version of it that is loaded: a run, the beginning of a hash, an alias, or, of
                one that is versioned, ``2024-01-31T09.15.00.123Z``.
            validate: whether data is checked by the schemas of the catalog.
            wait: whether to wait for another run that writes the same outputs, or for how many seconds.
            listeners: are told what happens.
            command: how the run was asked for, for the record.
            cause: why there is a run that someone did not ask for by itself: ``resume``, ``rerun``.
            parent: id of the run that is the cause.
            tag: tags that the run carries from the start.
            selectors: as the options of the command line: ``from_nodes``, ``to_outputs``, ``tags``, ...

        Raises:
            MloError: anything that can be known to be wrong before a node starts.
            Held: another run writes one of the outputs.
            Cancelled: someone asked the run to stop.
            NodeFailure: a node failed; its ``result`` tells what came of the others.
        """
        from mlflow_tmpl.project.running import run

        asked = Asked(params, reuse, frozenset(names_of(force)), load_versions or {}, validate, selectors)
        manner = Manner(engine, address, jobs, keep_going, wait, listeners, command, cause, parent, tag or {})
        return run(self, pipelines, asked, manner)

    def sweep(self, *pipelines: str, params: Overrides, over: Names | None = None, **settings: Any) -> Sweep:
        """Run once for each value of a parameter, or for each point of a grid of several.

        What does not depend on what is swept is reused from the first run on. Saved outputs are those of the last run
        when all is over; each run's own are versions in the store.

        Args:
            pipelines: names; all nodes if none is given.
            params: as for `run`, with a list for each parameter that is swept: ``{"model.alpha": [0.1, 0.5]}``.
            over: the parameters that are swept; all that are given a list unless given.
            settings: the other arguments of `run`; with `keep_going` the other points run after one that failed.

        Raises:
            UsageError: nothing is swept.
            MloError: as for `run`; what is known to be wrong at any point is told before the first one runs.
            NodeFailure: a node failed; its ``sweep`` tells what came of all points.
        """
        from mlflow_tmpl.project.sweeping import sweep

        asked, manner = told_apart(params, settings)
        return sweep(self, pipelines, asked, manner, None if over is None else names_of(over))

    def resume(self, run: str = "last", **settings: Any) -> RunResult | Sweep:
        """Repeat what a run was asked for: what it had finished is reused, the rest runs.

        Args:
            run: the beginning of its id, ``last``, or ``last~2`` for the second before it.
            settings: arguments of `run` that say how, not what: ``engine``, ``jobs``, ``keep_going``, ``wait``, ...

        Raises:
            MloError: there is no such run, or it is still running.
        """
        record, request = self.ledger.request(run)
        project, asked = self.asked_again(record, request)
        if request.sweep:
            asked["over"] = request.sweep
            return project.sweep(*request.pipelines, **asked, cause="resume", parent=record.id, **settings)
        return project.run(*request.pipelines, **asked, cause="resume", parent=record.id, **settings)

    def asked_again(self, record: RunRecord, request: Request) -> tuple[Project, dict[str, Any]]:
        """Return the project in the configuration of a run, and arguments of `plan` that go on where the run ended."""
        project, source = self, self.conf_source
        if source is None and request.conf_source:
            said = f"took its configuration from {request.conf_source!r}"
            check_trusted(self.ledger, self.settings, record, said, SAY_SOURCE)
            source = recorded_source(request.conf_source, self.root)
        if (request.environment, source) != (self.environment or "", self.conf_source):
            project = Project(self.root, self.settings, request.environment, self.home, source, self.secrets)
        origin = Origin(f"run {record.short_id}")
        params = [located(plain, origin) for plain in request.params]
        whole = project.pipeline(
            *request.pipelines, parameters=project.planner.config_with(params).parameters
        )
        forced: Iterable[str] = request.force
        if not request.reuse:
            forced = [node.name for node in whole.select(Selection(**request.selectors))]
        finished = {node.name for node in record.nodes if node.status == "done"}
        left = [name for name in forced if name in whole and name not in finished]
        reading = {"load_versions": request.load_versions, "validate": request.validate}
        return project, {"params": params, "force": left, **reading, **request.selectors}

    def cancel(self, run: str = "last") -> str:
        """Ask a run to stop, wherever it was started, and return its id; what it had finished is kept.

        Args:
            run: the beginning of its id, ``last``, or ``last~2`` for the second before it.

        Raises:
            LedgerError: there is no such run, or it is not running.
        """
        return self.ledger.cancel(run)

    def last_runs(self, pipeline: Pipeline | None = None) -> Mapping[str, NodeRecord]:
        """Return how the last run of each node went, without making a ledger where there is none."""
        if not self.has_ledger:
            return {}
        return self.ledger.last_runs([node.name for node in pipeline or self.pipeline()])
