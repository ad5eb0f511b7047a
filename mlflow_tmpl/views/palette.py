"""Colours of the drawings, light and dark, and the style sheet made of them."""

from __future__ import annotations

from string import Template

LIGHT = {
    "page": "#fbfaf7",
    "card": "#ffffff",
    "ink": "#1c2128",
    "muted": "#59626f",
    "line": "#858d9a",
    "border": "#aab1bc",
    "accent": "#2456c4",
    "data": "#eaf1fb",
    "data_line": "#6486b5",
    "data_ink": "#1e3f6b",
    "param": "#f8f0de",
    "param_line": "#a5833a",
    "param_ink": "#5c4307",
    "good": "#1a7a49",
    "kept": "#0b6f83",
    "bad": "#bb261a",
    "busy": "#2b5bcb",
    "held": "#8a5b00",
    "none": "#6a7380",
    "glyph": "#ffffff",
    "frame": "#f3f2ee",
}
DARK = {
    "page": "#14171c",
    "card": "#1f242c",
    "ink": "#e8eaee",
    "muted": "#a6afbc",
    "line": "#768092",
    "border": "#566172",
    "accent": "#8db2ff",
    "data": "#1a2940",
    "data_line": "#5d84bb",
    "data_ink": "#c6dcff",
    "param": "#2e2713",
    "param_line": "#a3853c",
    "param_ink": "#f0d999",
    "good": "#4cc38a",
    "kept": "#4cb8cf",
    "bad": "#ff8478",
    "busy": "#84aaff",
    "held": "#e0b050",
    "none": "#949eac",
    "glyph": "#14171c",
    "frame": "#191d23",
}
TONES = ("good", "kept", "bad", "busy", "held", "none")
SANS = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace'

_FORMS = f"""
.graph text {{ font-family: {SANS}; dominant-baseline: central; }}
.graph .name {{ font-size: 13px; font-weight: 600; }}
.graph .data .name {{ font-size: 12px; font-weight: 500; }}
.graph .param .name, .graph .value {{ font-family: {MONO}; font-size: 11px; font-weight: 400; }}
.graph .fact {{ font-size: 10.5px; }}
.graph .box {{ stroke-width: 1.25; }}
.graph .memory .box {{ stroke-dasharray: 4 3; }}
.graph .icon {{ fill: none; stroke-width: 1.25; }}
.graph .glyph {{ fill: none; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }}
.graph .edge {{ fill: none; stroke-width: 1.25; }}
.graph .frame {{ stroke-width: 1; }}
.graph .frame-name {{ font-size: 12px; font-weight: 600; }}
.graph .more {{ fill: none; stroke-width: 1.5; stroke-linecap: round; }}
.graph .edge.of-param {{ stroke-dasharray: 1.5 3; stroke-linecap: round; }}
"""
_COLOURS = Template("""
.graph .back { fill: $page; }
.graph .edge { stroke: $line; }
.graph .arrow { fill: $line; }
.graph .node .box { fill: $card; stroke: $border; }
.graph .frame { fill: $frame; stroke: $border; }
.graph .frame-name { fill: $muted; }
.graph .more { stroke: $muted; }
.graph .node .name { fill: $ink; }
.graph .fact { fill: $muted; }
.graph .glyph { stroke: $glyph; }
.graph .data .box { fill: $data; stroke: $data_line; }
.graph .data .name { fill: $data_ink; }
.graph .icon { stroke: $data_line; }
.graph .param .box { fill: $param; stroke: $param_line; }
.graph .param .name, .graph .value { fill: $param_ink; }
""")
_TONE = Template("""
.graph .$name .light { fill: $colour; stroke: $colour; }
""")
_LOUD = Template("""
.graph .$name .box { stroke: $colour; }
.graph .$name .fact { fill: $colour; }
""")


def drawing_css() -> str:
    """Return the style sheet of a drawing: no variables, which few programs besides browsers understand."""
    return f"{_FORMS}{_coloured(LIGHT)}@media (prefers-color-scheme: dark) {{{_coloured(DARK)}}}\n"


def page_variables() -> str:
    """Return the colours as variables for the style sheet of the page."""
    light, dark = (
        " ".join([f"--{name.replace('_', '-')}: {colour};" for name, colour in palette.items()])
        for palette in (LIGHT, DARK)
    )
    fonts = f"--sans: {SANS}; --mono: {MONO};"
    return f":root {{ {light} {fonts} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"


def _coloured(palette: dict[str, str]) -> str:
    tones = [_TONE.substitute(name=tone, colour=palette[tone]) for tone in TONES]
    loud = [_LOUD.substitute(name=tone, colour=palette[tone]) for tone in ("bad", "busy")]
    hollow = f".graph .none .light {{ fill: {palette['card']}; }}\n"
    return _COLOURS.substitute(palette) + "".join(tones).replace("\n\n", "\n") + hollow + "".join(loud)
