/** Text for terminals: what comes from the store is made inert, columns are aligned, lines are cut to their width. */

/** Control characters (also of the second set), line separators, and marks that turn the direction of text. */
const ACTIVE = /[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** What could move the cursor, colour, ring, or lie about its order is shown as its escape. */
export function inert(text: string): string {
  return text.replaceAll(ACTIVE, (char) => SHORT[char] ?? escaped(char));
}

/** One line of JSON that is inert on a terminal too, and means the same. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(ACTIVE, unicodeEscape);
}

function escaped(char: string): string {
  const code = char.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : unicodeEscape(char);
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}|[\u{20000}-\u{3FFFD}]/u;
const NO_WIDTH = /^(?:\p{M}|\u200B|\u200C|\u200D)$/u;

/** Columns that it takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

function charWidth(char: string): number {
  if (NO_WIDTH.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** At most so many columns; what is cut ends in an ellipsis. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let width = 0;
  let kept = '';
  for (const char of text) {
    const next = width + charWidth(char);
    if (next > columns - 1) break;
    width = next;
    kept += char;
  }
  return columns < 1 ? '' : `${kept}…`;
}

/** Filled with spaces up to so many columns. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Rows under their headings, two spaces between columns; the last column is as long as it is. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, column) =>
    Math.max(widthOf(head), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  return [heads, ...rows].map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
