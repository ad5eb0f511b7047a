// The state in the fragment of the address: what is not as at first, and nothing else.

import type { State, Link } from "./state";

const LISTS = new Set(["open", "tags"]);
const FLAGS = new Set(["parameters", "datasets"]);

export function written(link: Partial<Link>): string {
  const parts: string[] = [];
  for (const [key, value] of Object.entries(link)) {
    const text = Array.isArray(value) ? value.map(encodeURIComponent).join(",") : encodeURIComponent(String(value));
    parts.push(`${key}=${text}`);
  }
  return parts.join("&");
}

export function read(fragment: string): Partial<Link> {
  const link: Record<string, unknown> = {};
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const [key, text = ""] = part.split("=");
    if (!key) continue;
    try {
      if (LISTS.has(key)) link[key] = text ? text.split(",").map(decodeURIComponent) : [];
      else if (FLAGS.has(key)) link[key] = text === "true";
      else link[key] = decodeURIComponent(text);
    } catch {
      continue; // a link that was cut shows what is left of it
    }
  }
  return link as Partial<Link>;
}

/** Keep the address and the state the same, both ways. */
export function follow(state: State): void {
  state.go(read(location.hash));
  let going = false;
  let own = written(state.link.peek());
  addEventListener("popstate", () => {
    const now = location.hash.replace(/^#/, "");
    if (now === own) return;
    going = true;
    state.go(read(now));
    going = false;
    own = written(state.link.peek());
  });
  state.effect(() => {
    const now = written(state.link.value);
    if (going || now === own) return;
    own = now;
    history.pushState(null, "", now ? `#${now}` : location.pathname + location.search);
  });
}
