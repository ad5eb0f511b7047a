// The last calls of a node as bars: as high as each took, in the colour of how it went.

import type { Call } from "../model";
import { duration, inWords, toneOf } from "../statuses";

const WIDTH = 9;
const GAP = 3;
const HEIGHT = 36;
const LEAST = 3;

export function Calls({ calls }: { calls: Call[] }) {
  const longest = Math.max(...calls.map((call) => call.duration_s));
  const typical = [...calls].map((call) => call.duration_s).sort((one, two) => one - two)[calls.length >> 1]!;
  const told = calls.length === 1 ? `1 call: ${duration(longest)}` : `${calls.length} calls, typically ${duration(typical)}, at most ${duration(longest)}`;
  return (
    <figure class="calls">
      <svg role="img" aria-label={told} width={calls.length * (WIDTH + GAP)} height={HEIGHT}>
        {calls.map((call, at) => {
          const high = Math.max(LEAST, (HEIGHT * call.duration_s) / longest);
          return (
            <rect class={`tone-${toneOf(call.status)}`} x={at * (WIDTH + GAP)} y={HEIGHT - high} width={WIDTH} height={high} rx={2}>
              <title>{`${inWords(call.status)} ${duration(call.duration_s)}, ${new Date(call.ended_at).toLocaleString()}, run ${call.run.slice(0, 13)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption>{told}</figcaption>
    </figure>
  );
}
