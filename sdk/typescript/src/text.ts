// Places in texts.

/**
 * What stands at the fragments, joined. They count code points; `slice` of a string counts UTF-16 units,
 * and goes wrong after the first rare character.
 */
export function cut(text: string, fragments: Iterable<{ start: number; end: number }>): string {
  const points = Array.from(text);
  return Array.from(fragments, ({ start, end }) => points.slice(start, end).join("")).join("");
}
