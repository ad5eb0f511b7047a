"""Which objects can go: never what is needed, first what was used longest ago."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mlflow_tmpl.store.collecting import GRACE_S, Wanted, surplus

NOW = 10 * GRACE_S
OLD, NEW = NOW - 2 * GRACE_S, NOW - 10.0


def gone(objects, used_at, needed=(), **wanted):
    found = surplus(objects, used_at, needed, Wanted(now=NOW, **wanted))
    return {each.digest: each.why for each in found}


def test_nothing_known_goes_unless_asked_for():
    assert gone([("a", 1, OLD)], {"a": 0.0}) == {}


def test_what_was_used_before_what_is_kept_goes():
    objects = [("a", 1, OLD), ("b", 1, OLD)]
    assert gone(objects, {"a": 5.0, "b": 10.0}, since=10.0) == {"a": "old"}


def test_what_is_needed_stays_whatever_its_age():
    assert gone([("a", 100, OLD)], {"a": 5.0}, {"a"}, since=10.0, max_bytes=0) == {}


def test_what_nobody_has_recorded_stays_for_a_day():
    assert gone([("a", 1, OLD), ("b", 1, NEW)], {}, since=NOW, max_bytes=0) == {"a": "unknown"}


def test_beyond_the_limit_the_one_used_longest_ago_goes_first():
    objects = [("a", 4, NEW), ("b", 4, NEW), ("c", 4, NEW)]
    assert gone(objects, {"a": 3.0, "b": 1.0, "c": 2.0}, max_bytes=5) == {"b": "limit", "c": "limit"}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text("abcdef", min_size=1, max_size=3),
        st.tuples(st.integers(0, 50), st.floats(0, 100), st.booleans(), st.booleans()),
    ),
    st.integers(0, 500),
    st.floats(0, 100),
)
def test_what_stays_is_needed_wanted_or_fits(known, limit, since):
    """Properties of any collection, whatever the objects."""
    objects = [(digest, size, OLD) for digest, (size, *_) in known.items()]
    used_at = {digest: at for digest, (_, at, recorded, _) in known.items() if recorded}
    needed = {digest for digest, (*_, is_needed) in known.items() if is_needed}
    found = surplus(objects, used_at, needed, Wanted(since, limit, NOW))
    removed = [each.digest for each in found]
    assert not needed & set(removed)
    assert len(set(removed)) == len(removed)
    left = [(digest, size) for digest, size, _ in objects if digest not in removed]
    assert sum(size for _, size in left) <= limit or {digest for digest, _ in left} <= needed
    times = [each.used_at for each in found]
    assert times == sorted(times)
