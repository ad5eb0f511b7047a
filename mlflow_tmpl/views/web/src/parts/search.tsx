// Search by name: `/` from anywhere, arrows and Enter in the list.

import { useSignal } from "@preact/signals";
import { type Hit, search } from "../fuzzy";
import type { Model, Vertex } from "../model";

const MOST = 9;

type Item = Pick<Vertex, "id" | "name"> & { kind: string };

export function Search({ model, take }: { model: Model; take: (id: string) => void }) {
  const query = useSignal("");
  const active = useSignal(0);
  const focused = useSignal(false);
  const items: Item[] = [...model.vertices.values(), ...[...model.boxes.values()].map((box) => ({ id: box.id, name: box.id.slice(4), kind: "box" }))];
  const hits = search(items, query.value, (item) => item.name, MOST);
  const shown = focused.value && query.value.trim() !== "";

  const choose = (hit: Hit<Item> | undefined) => {
    if (!hit) return;
    query.value = "";
    (document.activeElement as HTMLElement | null)?.blur();
    take(hit.item.id);
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length) {
      event.preventDefault();
      active.value = (active.value + step + hits.length) % hits.length;
    } else if (event.key === "Enter") choose(hits[active.value]);
    else if (event.key === "Escape") {
      query.value = "";
      (event.target as HTMLElement).blur();
    }
    event.stopPropagation();
  };

  return (
    <div class="search">
      <input
        id="search" type="text" placeholder="Search" aria-label="Search nodes, datasets and parameters" aria-keyshortcuts="/" role="combobox"
        aria-expanded={shown} aria-controls="found" aria-autocomplete="list" autocomplete="off" spellcheck={false}
        {...(shown && hits.length ? { "aria-activedescendant": `found-${active.value}` } : {})}
        value={query.value}
        onInput={(event) => { query.value = event.currentTarget.value; active.value = 0; }}
        onFocus={() => (focused.value = true)} onBlur={() => (focused.value = false)} onKeyDown={keys}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="found" role="listbox" aria-label="Found" hidden={!shown}>
        {hits.map((hit, at) => (
          <li role="option" id={`found-${at}`} aria-selected={at === active.value} onPointerDown={(event) => event.preventDefault()} onClick={() => choose(hit)}>
            <b>{lit(hit)}</b>
            <span>{hit.item.kind}</span>
          </li>
        ))}
        {!hits.length && <li class="none" role="option" aria-selected={false} aria-disabled="true">nothing found</li>}
      </ul>
    </div>
  );
}

function lit({ item, at }: Hit<Item>) {
  const places = new Set(at);
  return [...item.name].map((letter, place) => (places.has(place) ? <mark>{letter}</mark> : letter));
}
