"""A process that runs `mlo` in forks of itself: a fresh import of the project each time, without a new Python."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import traceback


def serve() -> None:
    """Answer each request, a line of JSON on stdin, with the exit code of the command."""
    import pandas  # noqa: F401 (imported once, for all forks)

    import mlflow_tmpl

    ours = [module.name for module in pkgutil.walk_packages(mlflow_tmpl.__path__, "mlflow_tmpl.")]
    for name in (*ours, *sys.argv[1:]):
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _perform(request)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


def _perform(request: dict[str, object]) -> None:
    """Become the command."""
    code = 70
    try:
        os.chdir(str(request["cwd"]))
        os.environ.update(request["environ"])  # type: ignore[arg-type]
        for descriptor, file in ((1, request["stdout"]), (2, request["stderr"])):
            os.dup2(os.open(str(file), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        sys.argv = ["mlo", *request["arguments"]]  # type: ignore[misc]
        from mlflow_tmpl.cli.main import main

        main()
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001 (told to the test on stderr)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
