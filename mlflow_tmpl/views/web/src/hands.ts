// Pointers and keys on the drawing: one pointer drags, two pinch, arrows walk along edges.

import type { Stage } from "./stage";
import type { State } from "./state";

const CLICK = 5;

export function listenTo(stage: Stage, state: State): void {
  const { root } = stage;
  const pointers = new Map<number, { x: number; y: number }>();
  let travelled = 0;

  root.addEventListener("pointerdown", (event) => {
    if (event.button || (event.target as Element).closest("[data-frame]")) return;
    if (!pointers.size) travelled = 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  addEventListener("pointermove", (event) => {
    const held = pointers.get(event.pointerId);
    if (!held) return;
    const [one, two] = [...pointers.values()];
    const spread = two ? Math.hypot(one!.x - two.x, one!.y - two.y) : 0;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    Object.assign(held, { x: event.clientX, y: event.clientY });
    travelled += Math.abs(dx) + Math.abs(dy);
    if (travelled < CLICK) return;
    root.classList.add("moving");
    stage.pan(dx / pointers.size, dy / pointers.size);
    if (two && spread) {
      const frame = root.getBoundingClientRect();
      stage.zoomAt(Math.hypot(one!.x - two.x, one!.y - two.y) / spread, (one!.x + two.x) / 2 - frame.left, (one!.y + two.y) / 2 - frame.top);
    }
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    addEventListener(end, (event) => {
      if (pointers.delete(event.pointerId) && !pointers.size) root.classList.remove("moving");
    });
  }
  root.addEventListener("click", (event) => {
    const header = (event.target as Element).closest<SVGElement>("[data-frame]");
    if (header) return state.toggle(header.dataset["frame"]!);
    if (travelled >= CLICK) return;
    const id = stage.at(event.clientX, event.clientY);
    if (state.model.boxes.has(id)) state.toggle(id);
    else state.selected.value = id;
  });
  root.addEventListener("wheel", (event) => {
    event.preventDefault();
    const frame = root.getBoundingClientRect();
    if (event.shiftKey) return stage.pan(-(event.deltaX || event.deltaY), 0);
    stage.zoomAt(Math.exp(-Math.max(-120, Math.min(120, event.deltaY)) * (event.ctrlKey ? 0.01 : 0.0025)), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = (event.target as Element).closest<SVGElement>(".vertex")?.dataset["id"] ?? (state.selected.value ? state.standFor(state.selected.value) : "");
    if (event.key.startsWith("Arrow")) {
      const next = beside(stage, state, id, event.key);
      event.preventDefault();
      if (!next) return;
      state.selected.value = next;
      stage.reveal(next);
      stage.focusOn(next);
    } else if ((event.key === "Enter" || event.key === " ") && id) {
      event.preventDefault();
      if (state.model.boxes.has(id)) state.toggle(id);
      else {
        state.selected.value = id;
        requestAnimationFrame(() => document.getElementById("details")?.focus({ preventScroll: true }));
      }
    }
  });
}

/** Where an arrow leads: along an edge, or to what stands beside. */
function beside(stage: Stage, state: State, id: string, key: string): string {
  const layout = stage.extent;
  const own = layout.boxes.get(id);
  if (!own) return [...layout.boxes.keys()][0] ?? "";
  const down = layout.direction === "down";
  const forward = key === (down ? "ArrowDown" : "ArrowRight");
  const backward = key === (down ? "ArrowUp" : "ArrowLeft");
  const middle = (box: { x: number; y: number; width: number; height: number }) => [box.x + box.width / 2, box.y + box.height / 2] as const;
  const [x, y] = middle(own);
  let best = "";
  let least = Infinity;
  if (forward || backward) {
    for (const [source, target] of state.seen.value.edges) {
      const other = forward ? (source === id ? target : "") : target === id ? source : "";
      const box = other && layout.boxes.get(other);
      if (!box) continue;
      const [otherX, otherY] = middle(box);
      const far = Math.hypot(otherX - x, otherY - y);
      if (far < least) [best, least] = [other, far];
    }
    return best;
  }
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  for (const [other, box] of layout.boxes) {
    const [otherX, otherY] = middle(box);
    const [along, across] = down ? [otherY - y, (otherX - x) * sign] : [otherX - x, (otherY - y) * sign];
    if (other === id || across <= 0 || Math.abs(along) > 40) continue;
    if (across < least) [best, least] = [other, across];
  }
  return best;
}
