/** What a run says of the live invariants, by what nodes reported while it went on. */
import { expect, test } from 'vitest';
import type { ChaosCheck } from '../../contracts/chaos.ts';
import { Invariants } from '../../server/cluster/invariants/invariants.ts';
import { InvariantWatch, invariantCheck } from '../../server/lab/invariant-watch.ts';
import { verdictOf } from '../../server/lab/verdict.ts';
import { report } from '../cluster/reports.ts';

/** Both follow `leader` in its term: one comparison. */
function follow(invariants: Invariants, leader: string, term: number, by = ['n1', 'n2']): void {
  for (const id of by) invariants.report(report(id, { status: { term, leader } }), () => 991);
}

test('[H52] what was compared before the run is not counted to it, and what was never compared is unchecked', () => {
  const invariants = new Invariants();
  follow(invariants, 'n3', 1);
  const watch = new InvariantWatch(() => invariants.counts());
  expect(watch.soFar().map(({ status, checks }) => `${status} ${checks}`)).toEqual(
    Array.from({ length: 6 }, () => 'unchecked 0'),
  );
  follow(invariants, 'n3', 1);
  const election = watch.soFar().find(({ id }) => id === 'election-safety');
  expect(election).toMatchObject({ status: 'held', checks: 2, violation: null });
  const check = invariantCheck(watch.soFar());
  expect(check).toMatchObject({ status: 'unknown' });
  expect(check.words).toContain('not checked once: Logs match');
});

test('[H52] a violation in the run fails it, with the facts and the event; one from before fails it only where it is met again', () => {
  const invariants = new Invariants();
  const first = new InvariantWatch(() => invariants.counts());
  follow(invariants, 'n3', 1);
  follow(invariants, 'n1', 1, ['n1']);
  const [violated] = first.soFar().filter(({ status }) => status === 'violated');
  expect(violated?.violation).toMatchObject({
    facts: ['n1 and n2 said that n3 leads term 1', 'n1 says that n1 leads term 1'],
    eventSeq: 991,
  });
  expect(invariantCheck(first.soFar())).toMatchObject({
    status: 'fail',
    words: 'One leader a term: term 1 has two leaders, n3 and n1 (event 991).',
  });

  const second = new InvariantWatch(() => invariants.counts());
  follow(invariants, 'n3', 2);
  expect(second.soFar().find(({ id }) => id === 'election-safety')).toMatchObject({
    status: 'held',
    violation: null,
  });
  follow(invariants, 'n1', 1, ['n1']);
  expect(second.soFar().find(({ id }) => id === 'election-safety')).toMatchObject({
    status: 'violated',
    violation: { eventSeq: 991 },
  });
});

test('[H52] a violated invariant makes the verdict a violation, one that could not be looked at leaves it to the answers', () => {
  const check = (name: ChaosCheck['check'], status: ChaosCheck['status']): ChaosCheck => ({
    check: name,
    status,
    checked: 1,
    words: '',
  });
  const good = [check('order', 'pass'), check('states', 'pass')];
  expect(verdictOf([...good, check('invariants', 'pass')])).toBe('linearizable');
  expect(verdictOf([...good, check('invariants', 'fail')])).toBe('violation');
  expect(verdictOf([...good, check('invariants', 'unknown')])).toBe('linearizable');
  expect(verdictOf([check('order', 'unknown'), check('invariants', 'pass')])).toBe('unknown');
});
