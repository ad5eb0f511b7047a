// How statuses and durations read; as views/statuses.py.

export type Tone = "good" | "kept" | "bad" | "busy" | "held" | "none";

const TONES: Record<string, Tone> = {
  running: "busy", retried: "busy", done: "good", reused: "kept", blocked: "held", cancelled: "held",
  failed: "bad", timed_out: "bad", lost: "bad",
};

export const GLYPHS: Record<Tone, string> = {
  good: "M-3.4 .3-1 2.7 3.5-2.5",
  kept: "M3.1 1.6A3.5 3.5 0 1 1 2.7-2.3M3.2-4.4V-1.9H.7",
  bad: "M-2.6-2.6 2.6 2.6M2.6-2.6-2.6 2.6",
  busy: "M-1.6-3 3 0-1.6 3Z",
  held: "M-1.7-2.6V2.6M1.7-2.6V2.6",
  none: "",
};

export const toneOf = (status: string): Tone => TONES[status] ?? "none";

export const inWords = (status: string): string => status.replaceAll("_", " ");

export function duration(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds < 0.9995) return seconds >= 0.001 ? `${(seconds * 1000).toFixed(0)} ms` : "<1 ms";
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (number: number) => String(Math.floor(number)).padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h ${two((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86400)}d ${two((whole % 86400) / 3600)}h`;
}
