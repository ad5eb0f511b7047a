// Search that forgives: all letters in order, better the closer together and the nearer to the start of a word.

export interface Hit<T> {
  item: T;
  /** Places of the letters that were found. */
  at: number[];
  score: number;
}

export function search<T>(items: Iterable<T>, query: string, nameOf: (item: T) => string, most: number): Hit<T>[] {
  const letters = query.toLowerCase().replaceAll(/\s+/g, "");
  if (!letters) return [];
  const hits: Hit<T>[] = [];
  for (const item of items) {
    const name = nameOf(item);
    const at = found(name.toLowerCase(), letters);
    if (at) hits.push({ item, at, score: score(name, at) });
  }
  return hits.sort((one, two) => two.score - one.score).slice(0, most);
}

function found(name: string, letters: string): number[] | null {
  const whole = name.indexOf(letters);
  if (whole >= 0) return [...letters].map((_, place) => whole + place);
  const at: number[] = [];
  let from = 0;
  for (const letter of letters) {
    const place = name.indexOf(letter, from);
    if (place < 0) return null;
    at.push(place);
    from = place + 1;
  }
  return at;
}

function score(name: string, at: readonly number[]): number {
  let total = -name.length / 100;
  at.forEach((place, number) => {
    const before = name[place - 1];
    total += before === undefined || /[\W_]/.test(before) ? 3 : 1;
    if (number && at[number - 1] === place - 1) total += 2;
  });
  return total;
}
