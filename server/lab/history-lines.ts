/** A history as text: one JSON object a line, one operation each, in the order of their calls. */
import { ChaosOperation } from '../../contracts/chaos.ts';

/** Lines that are made in one go. */
const AT_ONCE = 500;

export function* historyText(operations: readonly ChaosOperation[]): Generator<string> {
  for (let start = 0; start < operations.length; start += AT_ONCE) {
    const lines = operations.slice(start, start + AT_ONCE);
    yield lines.map((operation) => `${JSON.stringify(operation)}\n`).join('');
  }
}

/** Throws where a line is not an operation: it reads what {@link historyText} wrote. */
export function readLines(text: string): readonly ChaosOperation[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ChaosOperation.parse(JSON.parse(line)));
}
