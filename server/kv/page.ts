/** What one page of an answer may still hold, and cost: a node that answers does nothing else. */
import type { Value } from './types.ts';
import { roomOf } from './value.ts';

/** Fields looked at for one page, at most. */
const MAX_LOOKS = 20_000;
/** Text on one page, lists as JSON, UTF-16 units, unless a single value has more. */
const MAX_PAGE_CHARS = 4 * 1024 * 1024;

export class Page {
  private rows: number;
  private looks = MAX_LOOKS;
  private chars = MAX_PAGE_CHARS;

  constructor(rows: number) {
    this.rows = rows;
  }

  get isFull(): boolean {
    return this.rows <= 0 || this.looks <= 0 || this.chars <= 0;
  }

  look(): void {
    this.looks--;
  }

  row(): void {
    this.rows--;
  }

  value(value: Value | null | undefined): void {
    if (value !== null && value !== undefined) this.chars -= roomOf(value);
  }
}
