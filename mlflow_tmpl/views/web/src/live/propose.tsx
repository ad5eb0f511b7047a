// Something that can be started: what is asked, and the account of what it would do and why, before it begins.

import { useSignal } from "@preact/signals";
import type { PlanStep } from "./records";
import { Panel } from "./dock";
import type { Live, Offer, Wish } from "./store";

const WORDS: Record<string, string> = { run: "to run", reuse: "to reuse", omit: "not needed" };
const SELECTORS = ["from_nodes", "to_nodes", "nodes", "from_inputs", "to_outputs", "tags", "namespaces"];

export function Proposed({ live }: { live: Live }) {
  const offer = live.offer.value!;
  const begun = useSignal(false);
  const begin = async () => {
    begun.value = true;
    await live.begin();
    begun.value = false;
  };
  const ready = !offer.planPath || offer.plan !== null;
  const head = (
    <>
      <h2>{offer.title}</h2>
      <p>{offer.note}</p>
      <div class="acts"><button type="button" id="begin" class="main" disabled={!ready || begun.value} onClick={() => void begin()}>{begun.value ? "Starting…" : "Start"}</button></div>
    </>
  );
  return (
    <Panel live={live} label="Start a run" head={head}>
      <div class="two">
        {offer.wish && <Form live={live} offer={offer} wish={offer.wish} />}
        {offer.planPath && <Account plan={offer.plan} />}
      </div>
    </Panel>
  );
}

function Form({ live, offer, wish }: { live: Live; offer: Offer; wish: Wish }) {
  const change = (part: Wish) => {
    live.offer.value = { ...offer, wish: { ...wish, ...part }, plan: null };
    void live.account();
  };
  const names = (text: string) => text.split(/[\s,]+/).filter(Boolean);
  const list = (key: string, words: string) => (
    <label>{words}<input type="text" name={key} spellcheck={false} value={((wish[key] as string[] | undefined) ?? []).join(", ")} onChange={(event) => change({ [key]: names(event.currentTarget.value) })} /></label>
  );
  return (
    <form class="wish" onSubmit={(event) => event.preventDefault()}>
      {list("pipelines", "Pipelines (all, if none is named)")}
      <label>Parameters, one a line: key=value
        <textarea name="params" rows={3} spellcheck={false} value={(wish.params ?? []).join("\n")} onChange={(event) => change({ params: event.currentTarget.value.split("\n").map((line) => line.trim()).filter(Boolean) })} />
      </label>
      {list("force", "Run these nodes whatever the past says")}
      <label class="check"><input type="checkbox" name="no-reuse" checked={wish.reuse === false} onChange={(event) => change({ reuse: !event.currentTarget.checked })} /> Let no earlier result stand</label>
      <label>Environment<input type="text" name="env" spellcheck={false} value={wish.env ?? ""} onChange={(event) => change({ env: event.currentTarget.value.trim() })} /></label>
      <details open={SELECTORS.some((key) => wish[key])}>
        <summary>Only a part</summary>
        {SELECTORS.map((key) => list(key, key.replace("_", " ")))}
      </details>
    </form>
  );
}

function Account({ plan }: { plan: PlanStep[] | null }) {
  if (!plan) return <p class="hint" role="status">Asking what would run…</p>;
  const counts = ["run", "reuse", "omit"].map((action) => [plan.filter((step) => step.action === action).length, WORDS[action]!] as const);
  return (
    <div class="account">
      <p role="status">{counts.filter(([count]) => count).map(([count, words]) => `${count} ${words}`).join(", ") || "there is nothing to run"}</p>
      <table class="facts" id="account">
        <tbody>
          {plan.map((step) => (
            <tr data-action={step.action}>
              <td>{step.name}</td>
              <td class={step.action === "run" ? "tone-busy" : "tone-kept"}>{WORDS[step.action] ?? step.action}</td>
              <td>{step.reasons.map((reason) => <div>{reason.text}</div>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
