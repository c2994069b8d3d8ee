/**
 * What the store holds in the end, version by version, against what clients were
 * told: an acknowledged write is there once, one that failed is not there at all,
 * and a counter went up by one each time.
 */
import type { ChaosCheck, ChaosOperation } from '../../contracts/chaos.ts';
import { isCounter, shortName } from './keys.ts';

/** The values that each key ever had, in the order in which they were written. */
export type Written = ReadonlyMap<string, readonly string[]>;

/** `written` is null when it could not be read; `why` then says why, a sentence. */
export function judgeFinalState(
  operations: readonly ChaosOperation[],
  written: Written | null,
  why: string,
): readonly ChaosCheck[] {
  if (written === null) {
    return [
      { check: 'writes', status: 'unknown', checked: 0, words: why },
      { check: 'increments', status: 'unknown', checked: 0, words: why },
    ];
  }
  return [judgeWrites(operations, written), judgeIncrements(operations, written)];
}

function judgeWrites(operations: readonly ChaosOperation[], written: Written): ChaosCheck {
  const times = new Map<string, number>();
  for (const [key, values] of written) {
    if (isCounter(key)) continue;
    for (const value of values) {
      const name = nameOf(key, value);
      times.set(name, (times.get(name) ?? 0) + 1);
    }
  }
  let checked = 0;
  const wrong: string[] = [];
  for (const operation of operations) {
    if (operation.op !== 'set' && operation.op !== 'compareAndSet') continue;
    const { key, value, outcome } = operation;
    const count = times.get(nameOf(key, value)) ?? 0;
    const isRefused = operation.op === 'compareAndSet' && operation.swapped === false;
    if (count > 1) wrong.push(`"${value}" stands ${count} times in ${shortName(key)}`);
    else if (outcome === 'failed' && count > 0)
      wrong.push(`"${value}" was said to have failed, and is in ${shortName(key)}`);
    else if (outcome === 'ok' && isRefused && count > 0)
      wrong.push(`"${value}" was not to be written, and is in ${shortName(key)}`);
    else if (outcome === 'ok' && !isRefused && count === 0)
      wrong.push(`"${value}" was acknowledged, and is not in ${shortName(key)}`);
    if (outcome !== 'unknown') checked++;
  }
  return verdictOf('writes', checked, wrong, 'Every acknowledged write is in the store, once.');
}

function judgeIncrements(operations: readonly ChaosOperation[], written: Written): ChaosCheck {
  const wrong: string[] = [];
  let checked = 0;
  for (const [key, values] of written) {
    if (!isCounter(key)) continue;
    const increments = operations.filter((one) => one.op === 'increment' && one.key === key);
    const acknowledged = increments.filter(({ outcome }) => outcome === 'ok').length;
    const open = increments.filter(({ outcome }) => outcome === 'unknown').length;
    checked += acknowledged;
    const jump = values.findIndex((value, i) => value !== String(i + 1));
    if (jump !== -1) wrong.push(`${shortName(key)} went from ${jump} to ${values[jump]}`);
    else if (values.length < acknowledged)
      wrong.push(
        `${shortName(key)} is ${values.length} after ${acknowledged} acknowledged increments`,
      );
    else if (values.length > acknowledged + open)
      wrong.push(
        `${shortName(key)} is ${values.length} after ${acknowledged} acknowledged increments and ${open} of unknown outcome`,
      );
  }
  return verdictOf('increments', checked, wrong, 'Every acknowledged increment was counted once.');
}

function verdictOf(
  check: ChaosCheck['check'],
  checked: number,
  wrong: readonly string[],
  good: string,
): ChaosCheck {
  const [first] = wrong;
  if (first === undefined) return { check, status: 'pass', checked, words: good };
  const more = wrong.length === 1 ? '' : `, and ${wrong.length - 1} more`;
  return { check, status: 'fail', checked, words: `${first}${more}.` };
}

function nameOf(key: string, value: string): string {
  return `${key}\n${value}`;
}
