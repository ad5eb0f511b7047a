"""Plans of a project, from its pipelines as they are loaded, or as they were when nothing has changed since."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

from mlflow_tmpl.asked import Asked, files_of, hash_of, overriding, read_as, saved_files, selection_of
from mlflow_tmpl.errors import MloError, UsageError, did_you_mean
from mlflow_tmpl.pipeline.names import parameter_key
from mlflow_tmpl.project.datasets import catalog_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlflow_tmpl.asked import Overrides
    from mlflow_tmpl.catalog import Catalog
    from mlflow_tmpl.config import Config, Value
    from mlflow_tmpl.config.node_rules import NodeRules
    from mlflow_tmpl.definition import Definition, Definitions
    from mlflow_tmpl.definition.ways import Loaded, Remembered
    from mlflow_tmpl.pipeline import Pipeline
    from mlflow_tmpl.planning import CodeReader, Plan
    from mlflow_tmpl.planning.conditions import Conditions
    from mlflow_tmpl.project.project import Project


class Planner:
    """Makes the plans of a project.

    Args:
        project: the project.
        remembers: whether plans are made from pipelines as they were last loaded, where nothing that they depend on
            has changed.
    """

    def __init__(self, project: Project, *, remembers: bool) -> None:
        self._project = project
        self._definitions = _definitions(project) if remembers else None

    @property
    def why_loaded(self) -> str:
        """Why the project has to be loaded each time; empty if it has not, or was not loaded yet."""
        return "" if self._definitions is None else self._definitions.why

    def heard(self) -> AbstractContextManager[None]:
        """Listen to what the project's code does while it is loaded, if that is to be remembered."""
        return nullcontext() if self._definitions is None else self._definitions.tracing.listening()

    def config_with(self, overrides: Overrides | None) -> Config:
        """Return the configuration with what is set for a run."""
        config = self._project.config
        return config.with_parameters(overriding(overrides)) if overrides else config

    def plan(self, names: Sequence[str], asked: Asked, suits: Callable[[Plan], bool]) -> Plan:
        """Return a plan, from pipelines as they were last loaded if such a plan can be made and suits.

        Args:
            names: of pipelines; all nodes if there are none.
            asked: what else is asked for.
            suits: whether a plan whose functions may be such as cannot be called will do.

        Raises:
            MloError: anything that can be known to be wrong before a node starts.
        """
        from mlflow_tmpl.definition import NotRemembered
        from mlflow_tmpl.definition.ways import Loaded, Remembered

        parameters = self.config_with(asked.params).parameters
        known = self.remembered(names, parameters)
        if known is not None:
            with suppress(NotRemembered, MloError):  # loading tells what is wrong, as it is now
                plan, _ = self._make(Remembered(known), names, asked)
                if suits(plan):
                    return plan
        loaded = Loaded(self._project.pipeline(*names, parameters=parameters))
        plan, code = self._make(loaded, names, asked)
        self._remember(names, parameters, loaded, code)
        return plan

    def outline(self, names: Sequence[str], *, code: bool) -> Pipeline:
        """Return pipelines to look at: their functions may be such as cannot be called.

        Args:
            names: of pipelines; all nodes if there are none.
            code: whether the source text of functions is looked at.

        Raises:
            MloError: as `Project.pipeline`.
        """
        from mlflow_tmpl.definition.ways import Loaded

        project = self._project
        known = self.remembered(names, project.config.parameters)
        if known is not None and not (code and known.hides_code):
            return self._looked_at(known.pipeline)
        whole = project.pipeline(*names)
        if self._definitions is not None and project.has_ledger:
            from mlflow_tmpl.planning import CodeReader

            with suppress(MloError):  # a catalog that is wrong does not keep anyone from looking
                reader = CodeReader(*self._reading(project.catalog, whole))
                self._remember(names, project.config.parameters, Loaded(whole), reader)
                reader.keep()
        return self._looked_at(whole)

    def _looked_at(self, pipeline: Pipeline) -> Pipeline:
        rules = self._project.config.node_rules
        return pipeline if rules is None else rules.apply(pipeline)

    def remembered(self, names: Sequence[str], parameters: Value) -> Definition | None:
        """Return what is known of pipelines, if nothing that it depends on has changed."""
        project = self._project
        if self._definitions is None or "pipelines" in project.__dict__:
            return None
        project.assembly.find_source()
        return self._definitions.find(names, lambda: hash_of(parameters))

    def _remember(self, names: Sequence[str], parameters: Value, loaded: Loaded, code: CodeReader) -> None:
        """Keep pipelines that were just loaded, for as long as what they depend on does not change."""
        definitions, project = self._definitions, self._project
        if definitions is None:
            return
        from mlflow_tmpl.definition.recording import recorded

        registry = project.assembly.registry
        taken = hash_of(parameters) if project.assembly.takes_parameters else ""
        members = None
        if not names and not taken:
            members = {name: [node.name for node in each] for name, each in project.pipelines.items()}
        called = [(registry.__name__, "register_pipelines")] if registry is not None else []
        told = list(project.pipelines), members, code, loaded.passed, taken, called
        definitions.keep(names, lambda: recorded(definitions, loaded.whole, *told))

    def _make(self, way: Loaded | Remembered, names: Sequence[str], asked: Asked) -> tuple[Plan, CodeReader]:
        from mlflow_tmpl.planning import Force, make_plan
        from mlflow_tmpl.planning.wiring import check_wiring

        project, config = self._project, self.config_with(asked.params)
        whole, parameters = self._ruled(way, names, config.node_rules), config.parameters
        _check_overrides(project.config, asked.params, whole)
        part = whole.select(selection_of(asked.selectors))
        own_catalog = asked.params and config.catalog_takes_parameters
        every = catalog_of(project, config) if own_catalog else project.catalog
        catalog = read_as(every, part, asked.load_versions, asked.validate)
        check_wiring(part, catalog, (), lambda: self._elsewhere(whole, parameters), way.check)
        for name in asked.force:
            if name not in part:
                raise UsageError(
                    f"there is no node {name!r} to force", hint=did_you_mean(name, part.positions)
                )
        _check_maps(part, catalog)
        ledger = project.ledger
        ledger.hashes.warm(files_of(catalog, part.datasets))
        bound = way.bind(part, parameters)
        code = way.code(*self._reading(every, whole))
        past, force = ledger.past(), Force(not asked.reuse, asked.force)
        past.expect([node.name for node in part.nodes if not all(map(catalog.is_memory, node.outputs))])
        project.kept.refresh()
        conditions = _conditions(part, parameters, catalog)
        plan = make_plan(part, catalog, bound, past, code, force, project.shelf, project.kept, conditions)
        plan.check_schemas()
        code.keep()
        ledger.keep()
        project.parsed_yaml.keep()
        return plan, code

    def _ruled(self, way: Loaded | Remembered, names: Sequence[str], rules: NodeRules | None) -> Pipeline:
        """Return what was asked for, run as `nodes.yml` says; a rule that means nothing is one for another part."""
        if rules is None:
            return way.whole
        if not names:
            way.check_rules(rules, self._every(way.whole))
        return rules.apply(way.whole)

    def _every(self, whole: Pipeline) -> Iterator[Pipeline]:
        """Yield all nodes, and then those of pipelines that are not among all."""
        yield whole
        if self._project.assembly.registry is not None:
            yield from self._project.pipelines.values()

    def _reading(self, catalog: Catalog, pipeline: Pipeline) -> tuple[Any, ...]:
        """Return what a `CodeReader` takes."""
        from mlflow_tmpl.ledger.database import FOLDER

        project = self._project
        own = frozenset({project.settings.package.partition(".")[0]})
        cache = project.root / FOLDER / "cache" / "code"
        return project.root, project.ledger.hashes, saved_files(catalog, pipeline), own, cache

    def _elsewhere(self, pipeline: Pipeline, parameters: Value) -> Pipeline:
        """Return all nodes of the project, to say where a missing value is made; fewer where a module is broken."""
        try:
            return self._project.pipeline(parameters=parameters)
        except MloError:
            return pipeline


def _definitions(project: Project) -> Definitions:
    from mlflow_tmpl import __version__
    from mlflow_tmpl.definition import Definitions
    from mlflow_tmpl.ledger.database import FOLDER

    settings = project.settings
    told = [__version__, settings.package, settings.source, settings.config, project.environment or ""]
    return Definitions(project.home / FOLDER / "cache" / "definitions", project.root, told)


def _check_overrides(own: Config, overrides: Overrides | None, pipeline: Pipeline) -> None:
    """Refuse a key that no file has and no node takes."""
    configured = own.parameters
    taken = {parameter_key(name) for name in pipeline.parameters}
    for value in overriding(overrides):
        for key, leaf in value.leaves():
            known = configured.get(key) is not None or any(
                key == name or key.startswith(f"{name}.") or name.startswith(f"{key}.")
                for name in taken
                if name
            )
            if not known and key not in own.runtime_names:
                every = [*(name for name, _ in configured.leaves()), *taken]
                raise UsageError(
                    f"no parameter is named {key!r}, and no node takes it",
                    where=str(leaf.origin),
                    hint=did_you_mean(key, every) or "parameters stand in conf/base/parameters.yml",
                )


def _check_maps(part: Pipeline, catalog: Catalog) -> None:
    """Check what map nodes go over, if there are any."""
    if any(node.over for node in part.nodes):
        from mlflow_tmpl.planning.items import check_maps

        check_maps(part, catalog)


def _conditions(part: Pipeline, parameters: Value, catalog: Catalog) -> Conditions | None:
    """Return the conditions of a pipeline's nodes; ``None`` if there are none."""
    if all(node.when is None for node in part.nodes):
        return None
    from mlflow_tmpl.planning.conditions import Conditions, check_conditions

    check_conditions(part, catalog)
    return Conditions(part, parameters, catalog.load)
