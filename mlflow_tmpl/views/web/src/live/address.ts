// Which run is shown, and how, in the query of the address: a link shows the same to others, and Back goes back.

import { batch } from "@preact/signals";
import type { Live, Tab } from "./store";

const TABS = new Set(["timeline", "log", "nodes", "parameters", "environment"]);

export function keepAddress(live: Live): void {
  const read = () => {
    const asked = new URLSearchParams(location.search);
    const compared = asked.get("compare")?.split(",").filter(Boolean) ?? [];
    batch(() => {
      live.pinned.value = asked.get("run") ?? "";
      const tab = asked.get("tab") ?? "timeline";
      live.tab.value = (TABS.has(tab) ? tab : "timeline") as Tab;
      live.chosen.value = new Set(compared);
      if (!compared.length) live.comparison.value = null;
    });
    if (compared.length > 1) void live.compare();
  };
  const written = () => {
    const values: Record<string, string> = {};
    if (live.pinned.value) values["run"] = live.pinned.value;
    if (live.tab.value !== "timeline") values["tab"] = live.tab.value;
    if (live.comparison.value) values["compare"] = live.comparison.value.runs.map((run) => run.id).join(",");
    return new URLSearchParams(values).toString();
  };
  read();
  let own = written();
  let waiting = new URLSearchParams(location.search).has("compare");
  addEventListener("popstate", () => {
    const now = location.search.replace(/^\?/, "");
    if (now === own) return;
    read();
    own = written();
  });
  live.state.effect(() => {
    const now = written();
    if (now === own || (waiting && !live.comparison.value)) return;
    own = now;
    if (waiting) {
      waiting = false; // what the address asked for has come
      return;
    }
    history.pushState(null, "", location.pathname + (now ? `?${now}` : "") + location.hash);
  });
}
