"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const graph = JSON.parse($("graph").textContent);
  const stage = $("stage");
  const panel = $("panel");
  const search = $("search");
  const found = $("found");

  // ---- the model by id, and who leads to whom
  const vertices = new Map();
  const before = new Map();
  const after = new Map();
  const kinds = [["node", graph.nodes], ["dataset", graph.datasets], ["parameter", graph.parameters]];
  for (const [kind, views] of kinds) {
    for (const view of views) vertices.set(view.id, { kind, view, name: view.name || view.key || "parameters" });
  }
  for (const { source, target } of graph.edges) {
    (after.get(source) || after.set(source, []).get(source)).push(target);
    (before.get(target) || before.set(target, []).get(target)).push(source);
  }

  function reach(start, next) {
    const seen = new Set([start]);
    for (const id of seen) for (const other of next.get(id) || []) seen.add(other); // a set grows while it is walked
    return seen;
  }

  // ---- the drawing, with and without parameters
  let drawing = stage.querySelector("svg");
  let other = $("other").content.querySelector("svg");
  let elements;
  let scene;

  function adopt() {
    scene = drawing.querySelector(".scene");
    elements = new Map([...drawing.querySelectorAll(".vertex")].map((group) => [group.dataset.id, group]));
  }

  function toggleParameters() {
    if (!other) return;
    [drawing, other] = [other, drawing];
    stage.replaceChildren(drawing);
    const shown = $("parameters").getAttribute("aria-pressed") !== "true";
    $("parameters").setAttribute("aria-pressed", String(shown));
    adopt();
    fit();
    mark();
  }

  // ---- the camera
  const camera = { x: 0, y: 0, zoom: 1 };
  const MARGIN = 32;
  const READABLE = 0.7; // a drawing that does not fit at this size begins at its start instead
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
  const extent = () => [Number(drawing.dataset.width), Number(drawing.dataset.height)];

  function look(x, y, zoom) {
    Object.assign(camera, { x, y, zoom });
    scene.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${zoom.toFixed(4)})`);
  }

  function fit(smallest = 0) {
    const [width, height] = extent();
    const { clientWidth, clientHeight } = stage;
    const whole = Math.min((clientWidth - 2 * MARGIN) / width, (clientHeight - 2 * MARGIN) / height, 1.15);
    const zoom = Math.max(whole, smallest, 0.01);
    const middle = (room, size) => Math.max((room - size * zoom) / 2, MARGIN);
    const x = width * zoom > clientWidth && smallest ? startX(zoom) : middle(clientWidth, width);
    look(x, middle(clientHeight, height), zoom);
  }

  /** Where a drawing that is too wide begins: with its first node in the middle. */
  function startX(zoom) {
    const first = elements.get(graph.nodes[0] && graph.nodes[0].id);
    if (!first) return MARGIN;
    const at = first.transform.baseVal[0].matrix;
    return Math.min(MARGIN, stage.clientWidth / 2 - (at.e + 60) * zoom);
  }

  function zoomAt(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
    const zoom = clamp(camera.zoom * factor, 0.02, 4);
    const ratio = zoom / camera.zoom;
    look(x - (x - camera.x) * ratio, y - (y - camera.y) * ratio, zoom);
  }

  const pan = (x, y) => look(camera.x + x, camera.y + y, camera.zoom);

  /** Move just as far as it takes to see a vertex. */
  function reveal(group) {
    const frame = stage.getBoundingClientRect();
    const box = group.getBoundingClientRect();
    const shift = (low, high, from, to) => (low < from ? from - low : high > to ? to - high : 0);
    pan(
      shift(box.left, box.right, frame.left + MARGIN, frame.right - MARGIN),
      shift(box.top, box.bottom, frame.top + MARGIN, frame.bottom - 72),
    );
  }

  // ---- pointers: one drags, two pinch
  const pointers = new Map();
  let travelled = 0;

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!pointers.size) travelled = 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  window.addEventListener("pointermove", (event) => {
    const held = pointers.get(event.pointerId);
    if (!held) return;
    const [one, two] = [...pointers.values()];
    const spread = two && Math.hypot(one.x - two.x, one.y - two.y);
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    Object.assign(held, { x: event.clientX, y: event.clientY });
    travelled += Math.abs(dx) + Math.abs(dy);
    if (travelled < 5) return;
    stage.classList.add("moving");
    pan(dx / pointers.size, dy / pointers.size);
    if (two && spread) {
      const frame = stage.getBoundingClientRect();
      const middle = [(one.x + two.x) / 2 - frame.left, (one.y + two.y) / 2 - frame.top];
      zoomAt(Math.hypot(one.x - two.x, one.y - two.y) / spread, ...middle);
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      if (!pointers.size) stage.classList.remove("moving");
    });
  }
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const step = event.deltaMode ? 18 : 1; // lines or pixels
    if (event.shiftKey) return pan(-(event.deltaX || event.deltaY) * step, 0);
    const frame = stage.getBoundingClientRect();
    zoomAt(Math.exp(clamp(-event.deltaY * step, -240, 240) * 0.0022), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });
  stage.addEventListener("scroll", () => stage.scrollTo(0, 0)); // browsers scroll to what has the focus; the camera does it here
  stage.addEventListener("click", (event) => {
    if (travelled >= 5) return;
    const group = event.target.closest(".vertex");
    choose(group ? group.dataset.id : "");
  });
  stage.addEventListener("focusin", (event) => {
    const group = event.target.closest(".vertex");
    if (group && group.matches(":focus-visible")) reveal(group);
  });

  // ---- choosing a vertex: the address holds the choice, so that it can be passed on and gone back from
  const chosen = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return "";
    }
  };
  const choose = (id) => {
    if (id !== chosen()) location.hash = encodeURIComponent(id);
    show(); // the event comes later, and the focus cannot wait
  };

  function mark() {
    const id = chosen();
    const picked = elements.has(id);
    const [up, down] = picked ? [reach(id, before), reach(id, after)] : [new Set(), new Set()];
    drawing.classList.toggle("picked", picked);
    for (const [name, group] of elements) {
      group.classList.toggle("near", up.has(name) || down.has(name));
      group.classList.toggle("chosen", name === id);
      group.setAttribute("aria-pressed", String(name === id));
    }
    for (const edge of drawing.querySelectorAll(".edge")) {
      const { from, to } = edge.dataset;
      edge.classList.toggle("near", (up.has(from) && up.has(to)) || (down.has(from) && down.has(to)));
    }
  }

  let shown = null;

  function show() {
    if (shown === chosen()) return;
    shown = chosen();
    const vertex = vertices.get(chosen());
    if (vertex && vertex.kind === "parameter" && !elements.has(vertex.view.id)) toggleParameters();
    panel.hidden = !vertex;
    panel.replaceChildren(...(vertex ? details(vertex) : []));
    panel.scrollTop = 0;
    mark();
    const group = elements.get(chosen());
    if (group) reveal(group);
  }

  function close() {
    const group = elements.get(chosen());
    choose("");
    if (group) group.focus({ preventScroll: true });
  }

  // ---- the panel; everything from the project goes through text nodes
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  const link = (id, text) => make("a", { href: `#${encodeURIComponent(id)}` }, text || vertices.get(id).name);
  const section = (title, ...content) => (content.flat().length ? [make("h3", null, title), ...content.flat()] : []);
  const pairs = (rows) => (rows.length ? make("dl", null, rows.flatMap(([key, value]) => [make("dt", null, key), make("dd", null, value)])) : []);
  const links = (ids) => (ids.length ? make("div", { class: "links" }, ids.map((id) => link(id))) : []);
  const chips = (words) => (words.length ? make("div", { class: "chips" }, words.map((word) => make("span", null, word))) : []);
  const written = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, value && typeof value === "object" ? 1 : 0));
  const code = (value) => make("code", null, written(value).replace(/\s*\n\s*/g, " "));

  function details(vertex) {
    const top = make("div", { class: "top" },
      make("div", null, make("div", { class: "kind" }, vertex.kind), make("h2", null, vertex.name)),
      make("button", { class: "close", type: "button", "aria-label": "Close", title: "Close (Esc)" }, "×"));
    top.lastChild.addEventListener("click", close);
    const where = vertex.view.where ? make("p", { class: "where" }, vertex.view.where) : null;
    const body = { node: nodeDetails, dataset: datasetDetails, parameter: parameterDetails }[vertex.kind](vertex.view);
    return [top, where, ...body].filter(Boolean);
  }

  function nodeDetails(node) {
    const wires = (side) => pairs(side.map((wire) => [wire.argument || "returns", link(wire.id, wire.dataset)]));
    const values = node.parameters.map((wire) => [link(wire.id, wire.argument), wire.value === null ? wire.key : code(wire.value)]);
    const options = Object.entries(node.options).map(([name, value]) => [name, code(value)]);
    return [
      ...lastRun(node),
      node.doc ? make("p", { class: "doc" }, node.doc) : null,
      ...section("Inputs", wires(node.inputs)),
      ...section("Outputs", wires(node.outputs)),
      ...section("Parameters", pairs(values)),
      ...section("Signature", node.signature ? make("pre", { class: "long" }, ...coloured(node.signature)) : []),
      ...section("Code", node.code ? make("pre", { tabindex: "0", "aria-label": "Code" }, ...coloured(node.code)) : []),
      ...section("Tags", chips(node.tags)),
      ...section("Pipelines", chips(node.pipelines)),
      ...section("Options", pairs(options)),
    ];
  }

  function lastRun(node) {
    const state = make("p", { class: `state tone-${tone(node)}` }, make("i", { class: "dot" }), node.status.replaceAll("_", " ") || "never run");
    if (node.duration_s !== null) state.append(make("span", null, duration(node.duration_s)));
    const ended = node.ended_at ? new Date(node.ended_at) : null;
    if (ended && !Number.isNaN(ended.getTime())) {
      state.append(make("span", null, make("time", { datetime: node.ended_at }, ended.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }))));
    }
    const reasons = node.reasons.length ? make("ul", { class: "reasons", "aria-label": "Reasons" }, node.reasons.map((reason) => make("li", null, reason))) : null;
    return [state, reasons, node.error ? make("pre", { class: "error", tabindex: "0", "aria-label": "Error" }, node.error) : null];
  }

  const tone = (node) => {
    const group = elements.get(node.id);
    return ["good", "kept", "bad", "busy", "held"].find((word) => group && group.classList.contains(word)) || "none";
  };

  function duration(seconds) {
    if (seconds < 1) return seconds < 0.001 ? "under 1 ms" : `${Math.round(seconds * 1000)} ms`;
    if (seconds < 60) return `${seconds.toFixed(1)} s`;
    const whole = Math.round(seconds);
    const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]].map(([size, unit], at, all) => [Math.floor((at ? whole % all[at - 1][0] : whole) / size), unit]);
    return parts.slice(parts.findIndex(([count]) => count)).slice(0, 2).map((part) => part.join("")).join(" ");
  }

  function datasetDetails(dataset) {
    const facts = [["type", code(dataset.type)]];
    if (dataset.path) facts.push(["path", code(dataset.path)]);
    if (dataset.layer) facts.push(["layer", dataset.layer]);
    if (!dataset.memory && dataset.exists !== null) facts.push(["exists", dataset.exists ? "yes" : "not yet"]);
    for (const [name, value] of Object.entries(dataset.details)) facts.push([name, code(value)]);
    return [
      make("p", { class: "doc" }, dataset.memory ? "Lives in memory while a run needs it." : "Kept between runs."),
      ...section("Made by", links(before.get(dataset.id) || [])),
      ...section("Taken by", links(after.get(dataset.id) || [])),
      ...section("Facts", pairs(facts)),
    ];
  }

  function parameterDetails(parameter) {
    return [
      ...section("Value", parameter.value === null ? [] : make("pre", { class: "long" }, written(parameter.value))),
      ...section("Taken by", links(after.get(parameter.id) || [])),
    ];
  }

  // ---- Python in colours: enough to read by, not a parser
  const TOKEN = /(#[^\n]*)|([rbfuRBFU]{0,2}(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|(@[\w.]+)|\b((?:def|class)\b)(\s+)(\w+)|\b(False|None|True|and|as|assert|async|await|break|case|continue|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b|\b(\d[\w.]*)/g;

  function coloured(source) {
    const parts = [];
    let at = 0;
    const put = (kind, text) => parts.push(kind ? make("span", { class: `t-${kind}` }, text) : text);
    for (const token of source.matchAll(TOKEN)) {
      put("", source.slice(at, token.index));
      const [all, comment, text, decorator, definition, gap, name, keyword] = token;
      if (definition) {
        put("k", definition);
        put("", gap);
        put("f", name);
      } else put(comment ? "c" : text ? "s" : decorator ? "d" : keyword ? "k" : "n", all);
      at = token.index + all.length;
    }
    put("", source.slice(at));
    return parts;
  }

  // ---- search
  let active = 0;
  let matches = [];

  function ranked(query) {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) return [];
    const rank = ({ name }) => (name.toLowerCase().startsWith(words[0]) ? 0 : 1) + name.length / 1000;
    return [...vertices.values()]
      .filter(({ name, kind }) => words.every((word) => `${name} ${kind}`.toLowerCase().includes(word)))
      .sort((one, two) => rank(one) - rank(two));
  }

  function list() {
    matches = ranked(search.value);
    active = 0;
    const hits = new Set(matches.map(({ view }) => view.id));
    for (const [id, group] of elements) group.classList.toggle("hit", hits.has(id));
    const rows = matches.slice(0, 9).map(({ name, kind, view }, at) => {
      const row = make("li", { role: "option", id: `found-${at}`, "aria-selected": String(!at) }, name, make("span", null, kind));
      row.addEventListener("pointerdown", (event) => event.preventDefault());
      row.addEventListener("click", () => take(view.id));
      return row;
    });
    const nothing = search.value.trim() && !rows.length;
    found.replaceChildren(...(nothing ? [make("li", { class: "none" }, "nothing found")] : rows));
    found.hidden = !rows.length && !nothing;
    search.setAttribute("aria-expanded", String(!found.hidden));
    point();
  }

  function point() {
    [...found.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === active)));
    if (matches.length) search.setAttribute("aria-activedescendant", `found-${active}`);
    else search.removeAttribute("aria-activedescendant");
  }

  function take(id) {
    search.value = "";
    list();
    choose(id);
    search.blur();
    const group = elements.get(id);
    if (group) group.focus({ preventScroll: true });
  }

  search.addEventListener("input", list);
  search.addEventListener("blur", () => { found.hidden = true; });
  search.addEventListener("focus", list);
  search.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = Math.min(matches.length, 9);
    if (step && rows) {
      event.preventDefault();
      active = (active + step + rows) % rows;
      point();
    } else if (event.key === "Enter" && matches[active]) take(matches[active].view.id);
    else if (event.key === "Escape") {
      search.value = "";
      list();
      search.blur();
    }
    event.stopPropagation();
  });

  // ---- keys
  const STEP = 70;
  const keys = {
    "+": () => zoomAt(1.25), "=": () => zoomAt(1.25), "-": () => zoomAt(0.8), 0: () => fit(), p: toggleParameters,
    ArrowLeft: () => pan(STEP, 0), ArrowRight: () => pan(-STEP, 0), ArrowUp: () => pan(0, STEP), ArrowDown: () => pan(0, -STEP),
    "/": () => search.focus(), Escape: close,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const group = event.target.closest && event.target.closest(".vertex");
    if (group && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      choose(group.dataset.id);
      panel.focus({ preventScroll: true });
      return;
    }
    if (panel.contains(event.target) && event.key.startsWith("Arrow")) return; // they scroll the panel
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  $("in").addEventListener("click", () => zoomAt(1.25));
  $("out").addEventListener("click", () => zoomAt(0.8));
  $("fit").addEventListener("click", () => fit());
  $("parameters").addEventListener("click", toggleParameters);
  window.addEventListener("hashchange", show);

  adopt();
  fit(READABLE);
  show();
})();
