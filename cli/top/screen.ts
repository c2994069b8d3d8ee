/**
 * The terminal's other screen: entered and left as it was found, and drawn line by
 * line, of which only those are written that changed.
 */
import type { Output } from '../io.ts';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[2J';
const LEAVE = '\x1b[?25h\x1b[?1049l';

export class Screen {
  private readonly output: Output;
  private shown: readonly string[] = [];

  constructor(output: Output) {
    this.output = output;
  }

  enter(): void {
    this.output.write(ENTER);
  }

  leave(): void {
    this.output.write(LEAVE);
  }

  /** The terminal has another size: nothing of what stands there counts. */
  clear(): void {
    this.shown = [];
    this.output.write('\x1b[2J');
  }

  draw(lines: readonly string[]): void {
    const changed = changesOf(this.shown, lines);
    this.shown = lines;
    if (changed !== '') this.output.write(changed);
  }
}

/** What makes one frame of the other. */
export function changesOf(before: readonly string[], after: readonly string[]): string {
  let text = '';
  for (let at = 0; at < Math.max(before.length, after.length); at++) {
    const line = after[at] ?? '';
    // Each line is cleared first: one as wide as the terminal leaves the cursor on its last cell.
    if (line !== before[at]) text += `\x1b[${at + 1};1H\x1b[2K${line}`;
  }
  return text;
}
