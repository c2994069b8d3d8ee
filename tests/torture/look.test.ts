/** What the server itself finds broken is a finding. */
import { expect, it } from 'vitest';
import type { InvariantView } from '../../contracts/invariants.ts';
import { lookedAt } from '../../torture/look.ts';

const SOUND: InvariantView = {
  id: 'election-safety',
  title: 'One leader a term',
  status: 'pass',
  checks: 7,
  lastCheckedAtMs: 1,
  evidence: 'n1 leads in term 2',
  violation: null,
};
const BROKEN: InvariantView = {
  ...SOUND,
  id: 'state-machine-safety',
  status: 'fail',
  violation: {
    text: 'States differ at revision 9.',
    facts: ['n1 has a', 'n3 has b'],
    atMs: 1,
    node: 'n3',
    term: 2,
    index: 9,
    eventSeq: 4,
  },
};

it('[X41] an invariant that the running server finds broken is named, with its facts', () => {
  expect(lookedAt({ nodes: [], invariants: [SOUND] }).broken).toEqual([]);
  expect(lookedAt({ nodes: [], invariants: [SOUND, BROKEN] }).broken).toEqual([
    'state-machine-safety: States differ at revision 9. (n1 has a; n3 has b)',
  ]);
});
