/** The verdict of a run, of all that its checks found. */
import type { ChaosCheck, ChaosVerdict, KeyVerdict } from '../../contracts/chaos.ts';
import { shortName } from './keys.ts';

/**
 * Whatever was found wrong is a violation. Answers are linearizable by what clients
 * were told: an invariant that could not be looked at leaves that as it is, and says
 * so itself.
 */
export function verdictOf(checks: readonly ChaosCheck[]): ChaosVerdict {
  if (checks.some(({ status }) => status === 'fail')) return 'violation';
  const isOpen = checks.some(({ check, status }) => check !== 'invariants' && status === 'unknown');
  return isOpen ? 'unknown' : 'linearizable';
}

/** The keys' own verdicts as one check. */
export function orderCheck(keys: readonly KeyVerdict[]): ChaosCheck {
  const checked = keys.reduce((sum, { operations }) => sum + operations, 0);
  const bad = keys
    .filter(({ verdict }) => verdict === 'violation')
    .map(({ key }) => shortName(key));
  const open = keys.filter(({ verdict }) => verdict === 'unknown').length;
  const told = (status: ChaosCheck['status'], words: string): ChaosCheck => ({
    check: 'order',
    status,
    checked,
    words,
  });
  if (bad.length > 0)
    return told('fail', `No order explains what was answered of ${bad.join(', ')}.`);
  if (open > 0)
    return told('unknown', `The search for an order gave up on ${open} of ${keys.length} keys.`);
  return told('pass', `The answers of each of ${keys.length} keys have an order that keeps time.`);
}
