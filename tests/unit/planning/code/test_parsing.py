"""Sources are parsed in any number of threads."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor

import pytest

from mlflow_tmpl.planning.code.parsing import expression_tree, module_tree

SOURCE = b"\n".join(b"def f%d(x: 'list[int]'):\n    return [x, (%d, {'a': -x})]" % (n, n) for n in range(30))


def test_threads_that_parse_at_once_get_what_each_gets_alone() -> None:
    with ThreadPoolExecutor(8) as pool:
        dumps = list(pool.map(lambda _: ast.dump(module_tree(SOURCE)), range(40)))
    assert set(dumps) == {ast.dump(ast.parse(SOURCE))}
    assert ast.dump(expression_tree("a.b[c]")) == ast.dump(ast.parse("a.b[c]", mode="eval"))


def test_what_is_no_python_leaves_the_way_free() -> None:
    for _ in range(2):
        with pytest.raises(SyntaxError):
            module_tree(b"def")
