"""A project: its root, its settings, and through them config, catalog, pipelines, plans and runs."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.asked import (
    Asked,
    files_of,
    hash_of,
    names_of,
    overriding,
    read_as,
    saved_files,
    selection_of,
    with_places,
)
from mlflow_tmpl.assembly import Assembly
from mlflow_tmpl.catalog import Catalog
from mlflow_tmpl.catalog.credentials import SecretStore, Vault, installed_stores, revealed
from mlflow_tmpl.config import Config, Origin, Value, environments, located, open_source
from mlflow_tmpl.config.resolvers import named_function
from mlflow_tmpl.config.sources import Folder, named_source, recorded_source
from mlflow_tmpl.errors import LedgerError, MloError, ProjectError, UsageError, did_you_mean, place
from mlflow_tmpl.history.remembering import Remembering
from mlflow_tmpl.history.trust import SAY_SOURCE, check_trusted
from mlflow_tmpl.masking import Secret, Secrets
from mlflow_tmpl.pipeline import Pipeline, Selection
from mlflow_tmpl.pipeline.discovery import (
    DEFAULT,
    unknown_pipeline,
)
from mlflow_tmpl.pipeline.names import base_name, parameter_key
from mlflow_tmpl.settings import Settings, find_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from mlflow_tmpl.asked import Names, Overrides
    from mlflow_tmpl.definition import Definition, Definitions
    from mlflow_tmpl.definition.ways import Loaded, Remembered
    from mlflow_tmpl.engine import RunResult
    from mlflow_tmpl.engine.events import Listener
    from mlflow_tmpl.ledger import Ledger, NodeRecord
    from mlflow_tmpl.ledger.leases import Holder
    from mlflow_tmpl.ledger.project_store import ProjectStore
    from mlflow_tmpl.ledger.records import RunRecord
    from mlflow_tmpl.ledger.request import Request
    from mlflow_tmpl.planning import CodeReader, Plan
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
        self._definitions = self._listen() if remembers else None

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
            self._assembly.find_source()
        given = self.conf_source
        source = Folder(self.root / self.settings.config) if given is None else open_source(given)
        layers = environments(self.environment, self.settings.environments, source)
        return Config(source, layers, self.settings.resolvers, self.secrets.add_variable)

    @property
    def params(self) -> dict[str, Any]:
        """The resolved parameters, as plain data."""
        plain: dict[str, Any] = self.config.parameters.plain()
        return plain

    @cached_property
    def catalog(self) -> Catalog:
        """The datasets."""
        return self._catalog_of(self.config)

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
            self.shelf.store, lambda: self.ledger, self.root, self.settings.store, self._store_options
        )

    @property
    def has_ledger(self) -> bool:
        """Whether anything was ever recorded."""
        from mlflow_tmpl.ledger.database import FILE, FOLDER

        return (self.home / FOLDER / FILE).exists()

    @cached_property
    def _assembly(self) -> Assembly:
        return Assembly(self.root, self.settings, self._heard)

    @cached_property
    def pipelines(self) -> Mapping[str, Pipeline]:
        """The pipelines by name; a node module is imported when a pipeline that needs it is asked for.

        Raises:
            ProjectError: the package cannot be found or imported.
            PipelineError: nodes that do not make a pipeline.
        """
        return self._assembly.pipelines(self.config.parameters)

    def pipeline(self, *names: str, parameters: Value | None = None) -> Pipeline:
        """Return one pipeline, or several as one; all nodes if none is named.

        Args:
            names: of pipelines.
            parameters: that pipelines are made from, if other than the project's own.

        Raises:
            UsageError: there is no pipeline of that name.
        """
        own = parameters is None or not self._assembly.takes_parameters
        known = self.pipelines if own or parameters is None else self._assembly.pipelines(parameters)
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
        return self._planned(pipelines, asked, lambda _: True)

    def _planned(self, names: Sequence[str], asked: Asked, suits: Callable[[Plan], bool]) -> Plan:
        """Return a plan, from pipelines as they were last loaded if such a plan can be made and suits."""
        from mlflow_tmpl.definition import NotRemembered
        from mlflow_tmpl.definition.ways import Loaded, Remembered

        parameters = self._config_with(asked.params).parameters
        known = self._remembered(names, parameters)
        if known is not None:
            with suppress(NotRemembered, MloError):  # loading tells what is wrong, as it is now
                plan, _ = self._plan(Remembered(known), asked)
                if suits(plan):
                    return plan
        loaded = Loaded(self.pipeline(*names, parameters=parameters))
        plan, code = self._plan(loaded, asked)
        self._remember(names, parameters, loaded, code)
        return plan

    def _plan(self, way: Loaded | Remembered, asked: Asked) -> tuple[Plan, CodeReader]:
        from mlflow_tmpl.planning import Force, make_plan
        from mlflow_tmpl.planning.wiring import check_wiring

        config = self._config_with(asked.params)
        whole, parameters = way.whole, config.parameters
        self._check_overrides(asked.params, whole)
        part = whole.select(selection_of(asked.selectors))
        own_catalog = asked.params and config.catalog_takes_parameters
        every = self._catalog_of(config) if own_catalog else self.catalog
        catalog = read_as(every, part, asked.load_versions, asked.validate)
        check_wiring(part, catalog, (), lambda: self._elsewhere(whole, parameters), way.check)
        for name in asked.force:
            if name not in part:
                raise UsageError(
                    f"there is no node {name!r} to force", hint=did_you_mean(name, part.positions)
                )
        self.ledger.hashes.warm(files_of(catalog, part.datasets))
        bound = way.bind(part, parameters)
        code = way.code(*self._reading(every, whole))
        past, force = self.ledger.past(), Force(not asked.reuse, asked.force)
        self.kept.refresh()
        plan = make_plan(part, catalog, bound, past, code, force, self.shelf, self.kept)
        plan.check_schemas()
        code.keep()
        self.ledger.keep()
        return plan, code

    def _reading(self, catalog: Catalog, pipeline: Pipeline) -> tuple[Any, ...]:
        """Return what a `CodeReader` takes."""
        from mlflow_tmpl.ledger.database import FOLDER

        own = frozenset({self.settings.package.partition(".")[0]})
        cache = self.root / FOLDER / "cache" / "code"
        return self.root, self.ledger.hashes, saved_files(catalog, pipeline), own, cache

    def outline(self, *names: str, code: bool = False) -> Pipeline:
        """Return pipelines to look at: their functions may be such as cannot be called.

        Args:
            names: of pipelines; all nodes if none is given.
            code: whether the source text of functions is looked at.

        Raises:
            MloError: as `pipeline`.
        """
        from mlflow_tmpl.definition.ways import Loaded

        known = self._remembered(names, self.config.parameters)
        if known is not None and not (code and known.hides_code):
            return known.pipeline
        whole = self.pipeline(*names)
        if self._definitions is not None and self.has_ledger:
            from mlflow_tmpl.planning import CodeReader

            with suppress(MloError):  # a catalog that is wrong does not keep anyone from looking
                reader = CodeReader(*self._reading(self.catalog, whole))
                self._remember(names, self.config.parameters, Loaded(whole), reader)
                reader.keep()
        return whole

    def members(self) -> Mapping[str, Sequence[str]]:
        """Return the pipelines by name, each with the names of its nodes.

        Raises:
            MloError: as `pipelines`.
        """
        known = self._remembered((), self.config.parameters)
        if known is not None and known.members is not None:
            return known.members
        return {name: [node.name for node in pipeline] for name, pipeline in self.pipelines.items()}

    @property
    def pipeline_names(self) -> Sequence[str]:
        """The names of the pipelines.

        Raises:
            MloError: as `pipelines`.
        """
        known = self._remembered((), self.config.parameters)
        return list(self.pipelines) if known is None else known.names

    @property
    def why_loaded(self) -> str:
        """Why the project has to be loaded each time; empty if it has not, or was not loaded yet."""
        return "" if self._definitions is None else self._definitions.why

    def _listen(self) -> Definitions:
        from mlflow_tmpl import __version__
        from mlflow_tmpl.definition import Definitions
        from mlflow_tmpl.ledger.database import FOLDER

        settings = self.settings
        told = [__version__, settings.package, settings.source, settings.config, self.environment or ""]
        return Definitions(self.home / FOLDER / "cache" / "definitions", self.root, told)

    def _remembered(self, names: Sequence[str], parameters: Value) -> Definition | None:
        """Return what is known of pipelines, if nothing that it depends on has changed."""
        if self._definitions is None or "pipelines" in self.__dict__:
            return None
        self._assembly.find_source()
        return self._definitions.find(names, lambda: hash_of(parameters))

    def _remember(self, names: Sequence[str], parameters: Value, loaded: Loaded, code: CodeReader) -> None:
        """Keep pipelines that were just loaded, for as long as what they depend on does not change."""
        definitions = self._definitions
        if definitions is None:
            return
        from mlflow_tmpl.definition.recording import recorded

        registry = self._assembly.registry
        taken = hash_of(parameters) if self._assembly.takes_parameters else ""
        members = None
        if not names and not taken:
            members = {name: [node.name for node in each] for name, each in self.pipelines.items()}
        called = [(registry.__name__, "register_pipelines")] if registry is not None else []
        told = list(self.pipelines), members, code, loaded.passed, taken, called
        definitions.keep(names, lambda: recorded(definitions, loaded.whole, *told))

    def run(
        self,
        *pipelines: str,
        params: Overrides | None = None,
        engine: str | None = None,
        jobs: int | None = None,
        reuse: bool = True,
        force: Names = (),
        keep_going: bool | None = None,
        load_versions: Mapping[str, str] | None = None,
        validate: bool = True,
        wait: bool | float = False,
        listeners: Sequence[Listener] = (),
        command: str = "",
        resumes: str = "",
        repeats: str = "",
        tag: Mapping[str, str] | None = None,
        **selectors: Names,
    ) -> RunResult:
        """Run what has to run.

        Args:
            pipelines: names; all nodes if none is given.
            params: values that override the configuration: dotted key to value.
            engine: where nodes run: ``auto``, ``inline`` or ``threads``.
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
            resumes: id of the run that this one goes on with, for the record.
            repeats: id of the run that this one repeats, for the record.
            tag: tags that the run carries from the start.
            selectors: as the options of the command line: ``from_nodes``, ``to_outputs``, ``tags``, ...

        Raises:
            MloError: anything that can be known to be wrong before a node starts.
            Held: another run writes one of the outputs.
            Cancelled: someone asked the run to stop.
            NodeFailure: a node failed; its ``result`` tells what came of the others.
        """
        from mlflow_tmpl.definition.ways import calls_nothing
        from mlflow_tmpl.engine import execute
        from mlflow_tmpl.engine.events import RunWaits
        from mlflow_tmpl.engine.identity import new_run_id
        from mlflow_tmpl.ledger.request import Request
        from mlflow_tmpl.store.keeping import Keeper

        def tell_waiting(holder: Holder) -> None:
            for listener in listeners:
                listener(RunWaits(str(holder), holder.dataset))

        run_id, versions = new_run_id(), self._exact_versions(load_versions)
        wanted = Asked(params, reuse, frozenset(names_of(force)), versions, validate, selectors)
        plan = self.ledger.leases.claimed(
            run_id,
            lambda: self._planned(pipelines, wanted, calls_nothing),
            float("inf") if wait is True else float(wait),
            tell_waiting,
        )
        defaults = self.settings.defaults
        if jobs is None and engine != "inline":  # who asks for one node at a time means it
            jobs = defaults.jobs
        selection = selection_of(selectors)
        asked = Request(
            pipelines,
            selection.criteria(),
            [value.plain() for value in overriding(params)],
            self.environment or "",
            reuse,
            names_of(force),
            versions,
            validate,
            named_source(self.conf_source, self.root) if self.conf_source is not None else "",
        )
        context = {
            "pipelines": list(pipelines) or [DEFAULT],
            "selection": str(selection),
            "environment": self.environment or "",
            "parameters": self.secrets.mask_data(with_places(self._config_with(params).parameters)),
            "command": command,
            "asked": asked.to_json(),
            **({"cause": "resume", "parent": resumes} if resumes else {}),
            **({"cause": "rerun", "parent": repeats} if repeats else {}),
            "tag": dict(tag or {}),
            "files": self._own_files(plan),
        }
        with (
            self.ledger.recording(run_id) as recorders,
            closing(Keeper(self.kept, self.settings.store.max_bytes)) as keeper,
        ):
            result = execute(
                plan,
                (*recorders, *listeners),
                engine=engine or defaults.engine,
                jobs=jobs,
                keep_going=defaults.keep_going if keep_going is None else keep_going,
                context=context,
                run_id=run_id,
                keeper=keeper,
            )
        self.store.trim()
        result.read_metrics = lambda: self.ledger.metrics(result.id)
        return result

    def resume(self, run: str = "last", **settings: Any) -> RunResult:
        """Repeat what a run was asked for: what it had finished is reused, the rest runs.

        Args:
            run: the beginning of its id, ``last``, or ``last~2`` for the second before it.
            settings: arguments of `run` that say how, not what: ``engine``, ``jobs``, ``keep_going``, ``wait``, ...

        Raises:
            MloError: there is no such run, or it is still running.
        """
        record, request = self.ledger.request(run)
        project, asked = self.asked_again(record, request)
        return project.run(*request.pipelines, **asked, resumes=record.id, **settings)

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
        whole = project.pipeline(*request.pipelines, parameters=project._config_with(params).parameters)
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
        """Return for each node the last time that it ran, without making a ledger where there is none."""
        if not self.has_ledger:
            return {}
        return self.ledger.last_runs([node.name for node in pipeline or self.pipeline()])

    def _catalog_of(self, config: Config) -> Catalog:
        """Return the datasets of a configuration."""
        self._assembly.find_source()
        return Catalog(
            config.catalog.data,
            root=self.root,
            hash_file=_FileHashes(self),
            credentials=Vault(
                lambda: config.credentials,
                config.credential,
                self._secret_stores,
                self.secrets,
            ),
            resolve=config.entry,
            past=self._past_place,
        )

    def _secret_stores(self) -> list[SecretStore]:
        """Return who is asked for credentials that stand in no file, the project's own store first."""
        own = self.settings.secrets
        if own is None:
            return installed_stores()
        told = "the 'secrets' of [tool.mlo] in pyproject.toml"
        ask = SecretStore(own, told, lambda name: named_function(own, "the secret store")(name))
        return [ask, *installed_stores()]

    def _past_place(self, name: str, version: str) -> Path | None:
        """Return a path with a version of a dataset; ``None`` if it is what lies there now."""
        from mlflow_tmpl.history.reading import past_place

        if not self.has_ledger:
            raise LedgerError(
                f"dataset {name!r} has no version {version!r}: there was no run yet",
                hint="mlo run makes the first one",
            )
        return past_place(self.home, self.ledger, self.catalog, self.shelf, name, version)

    def _config_with(self, overrides: Overrides | None) -> Config:
        """Return the configuration with what is set for a run."""
        return self.config.with_parameters(overriding(overrides)) if overrides else self.config

    def _exact_versions(self, versions: Mapping[str, str] | None) -> dict[str, str]:
        """Return versions as they can be asked for again later: what is called ``last`` is another by then."""
        from mlflow_tmpl.store.store import is_digest

        exact = dict(versions or {})
        for name, version in exact.items():
            with suppress(LedgerError):  # the time of a versioned one; or wrong, which planning says better
                found = self.ledger.version(base_name(name), version)
                exact[name] = found if is_digest(found) else version
        return exact

    def _own_files(self, plan: Plan) -> Mapping[str, Path]:
        """Return the project's own files, with those that the code of a plan names."""
        from mlflow_tmpl.history.files import own_files

        parts = [name for parts in plan.decider.code_parts().values() for name in parts]
        named = {name.partition(" ")[2] for name in parts if name.startswith("file ")}
        files = own_files(self.root, self.settings, sorted(named))
        self.ledger.hashes.warm(files.values())
        return files

    def _store_options(self) -> Secret:
        """Return what the shared store is opened with."""
        name = self.settings.store.credentials
        if name is None:
            return Secret({})
        known = self.config.credentials.data or {}
        if name not in known:
            raise ProjectError(
                f"the shared store needs credentials {name!r}, which are nowhere",
                where=place(self.root / "pyproject.toml"),
                hint=did_you_mean(name, known)
                or f"add {name!r} to {self.settings.config}/local/credentials.yml",
            )
        found = self.config.credential(name)
        if not found.is_mapping:
            raise ProjectError(f"credentials {name!r} must be a mapping", where=str(known[name].origin))
        options = Secret(revealed(found.plain()))
        self.secrets.add(options)
        return options

    def _elsewhere(self, pipeline: Pipeline, parameters: Value) -> Pipeline:
        """Return all nodes of the project, to say where a missing value is made; fewer where a module is broken."""
        try:
            return self.pipeline(parameters=parameters)
        except MloError:
            return pipeline

    def _check_overrides(self, overrides: Overrides | None, pipeline: Pipeline) -> None:
        """Refuse a key that no file has and no node takes."""
        configured = self.config.parameters
        taken = {parameter_key(name) for name in pipeline.parameters}
        for value in overriding(overrides):
            for key, leaf in value.leaves():
                known = configured.get(key) is not None or any(
                    key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.")
                    for name in taken
                    if name
                )
                if not known and key not in self.config.runtime_names:
                    every = [*(name for name, _ in configured.leaves()), *taken]
                    raise UsageError(
                        f"no parameter is named {key!r}, and no node takes it",
                        where=str(leaf.origin),
                        hint=did_you_mean(key, every) or "parameters stand in conf/base/parameters.yml",
                    )

    def _heard(self) -> AbstractContextManager[None]:
        """Listen to what the project's code does while it is loaded, if that is to be remembered."""
        return nullcontext() if self._definitions is None else self._definitions.tracing.listening()


class _FileHashes:
    """Hashes of files by way of a project's ledger, which is opened when the first is asked for."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def __call__(self, path: Path) -> str:
        return self._project.ledger.hashes(path)

    def warm(self, paths: Iterable[Path]) -> None:
        self._project.ledger.hashes.warm(paths)
