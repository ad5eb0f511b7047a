from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from time import process_time

from mlflow_tmpl.views.html import to_html


class Reader(HTMLParser):
    """Collects what a browser would see: elements, and the texts of scripts."""

    def __init__(self):
        super().__init__()
        self.elements = []
        self.scripts = []
        self.path = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.path.append(tag)

    def handle_endtag(self, tag):
        while self.path and self.path.pop() != tag:
            pass

    def handle_data(self, data):
        if self.path and self.path[-1] == "script":
            self.scripts.append(data)


def read(text):
    reader = Reader()
    reader.feed(text)
    return reader


def test_the_policy_allows_the_pages_own_script_and_nothing_else(ten):
    reader = read(to_html(ten))
    (policy,) = [attrs["content"] for tag, attrs in reader.elements if attrs.get("http-equiv")]
    digest = base64.b64encode(hashlib.sha256(reader.scripts[-1].encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "style-src 'unsafe-inline'",
        f"script-src 'sha256-{digest}'",
        "img-src data: blob:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_it_asks_nobody_for_anything(ten):
    reader = read(to_html(ten))
    loading = {"src", "href", "srcset", "data", "poster", "action", "ping"}
    assert not [(tag, attrs) for tag, attrs in reader.elements if loading & set(attrs)]
    assert not {tag for tag, _ in reader.elements} & {"link", "img", "iframe", "object", "embed", "base"}


def carried(reader):
    return json.loads(zlib.decompress(base64.b64decode(reader.scripts[0])))


def test_the_model_is_in_the_page(ten):
    document = carried(read(to_html(ten)))
    assert [node["name"] for node in document["nodes"]] == [node.name for node in ten.nodes]


def test_hostile_texts_are_neither_markup_nor_scripts(hostile, ten):
    reader, plain = read(to_html(hostile)), read(to_html(ten))
    assert len(reader.scripts) == len(plain.scripts) == 2
    assert reader.scripts[1] == plain.scripts[1]
    assert {tag for tag, _ in reader.elements} == {tag for tag, _ in plain.elements}
    assert not [name for _, attrs in reader.elements for name in attrs if name.startswith("on")]
    assert re.fullmatch("[A-Za-z0-9+/=]+", reader.scripts[0])
    assert carried(reader)["nodes"][0]["name"] == hostile.nodes[0].name


def test_the_page_of_a_small_project_is_small(ten):
    assert len(to_html(ten).encode()) < 150_000


def test_a_thousand_nodes_are_written_without_being_laid_out(large):
    start = process_time()
    to_html(large)
    assert process_time() - start < 10  # a tenth of a second: the page lays it out
