/** The fold that checks the invariants, by reports with planted clashes. */
import { describe, expect, it } from 'vitest';
import type { InvariantId, InvariantView, Violation } from '../../contracts/invariants.ts';
import { Invariants } from '../../server/cluster/invariants/invariants.ts';
import type { NodeEvidence, NodeReport } from '../../server/node/control.ts';
import { report } from './reports.ts';

type Told = Omit<Violation, 'eventSeq'>;
interface Case {
  readonly title: string;
  readonly id: InvariantId;
  readonly reports: readonly NodeReport[];
  readonly expected: 'pass' | 'fail' | 'unknown';
  /** Of the violation, or of the evidence. */
  readonly says?: RegExp;
  readonly checks?: number;
}

const CASES: readonly Case[] = [
  {
    title: 'a leader that nobody else has named is not checked',
    id: 'election-safety',
    reports: [leads('n1', 3), leads('n1', 3)],
    expected: 'unknown',
  },
  {
    title: 'all name one leader',
    id: 'election-safety',
    reports: [leads('n1', 3), follows('n2', 3, 'n1'), follows('n3', 3, 'n1')],
    expected: 'pass',
    says: /^n1, n2 and n3 all say that n1 leads term 3$/,
    checks: 2,
  },
  {
    title: 'leaders of two terms are no two leaders',
    id: 'election-safety',
    reports: [leads('n1', 3), leads('n2', 4), follows('n3', 3, 'n1')],
    expected: 'pass',
  },
  {
    title: 'two nodes lead one term',
    id: 'election-safety',
    reports: [leads('n1', 3), leads('n2', 3)],
    expected: 'fail',
    says: /^term 3 has two leaders, n1 and n2$/,
  },
  {
    title: 'a leader between two reports counts too',
    id: 'election-safety',
    reports: [
      leads('n1', 3),
      report('n2', {
        events: [{ type: 'role', role: 'leader', term: 3, leader: 'n2', reason: '' }],
        status: { term: 4 },
      }),
    ],
    expected: 'fail',
    says: /n1 and n2/,
  },
  {
    title: 'a node follows another leader than the others',
    id: 'election-safety',
    reports: [follows('n2', 3, 'n1'), follows('n3', 3, 'n2')],
    expected: 'fail',
    says: /two leaders/,
  },
  {
    title: 'a store votes twice in a term, in two lives',
    id: 'election-safety',
    reports: [votes('n1', [3, 'n1'], [4, null]), votes('n1', [3, 'n2'])],
    expected: 'fail',
    says: /^n1 voted twice in term 3, for n1 and for n2$/,
  },
  {
    title: 'a vote that is still there after a restart',
    id: 'election-safety',
    reports: [votes('n1', [3, 'n2']), votes('n1', [3, 'n2'])],
    expected: 'pass',
    says: /still has its vote/,
  },
  {
    title: 'a log alone is not checked',
    id: 'log-matching',
    reports: [logs('n1', [64, 1, 'a']), logs('n1', [64, 1, 'a'])],
    expected: 'unknown',
  },
  {
    title: 'equal logs',
    id: 'log-matching',
    reports: [logs('n1', [64, 1, 'a']), logs('n2', [64, 1, 'a'], [70, 1, 'b'])],
    expected: 'pass',
    says: /^n1 and n2 have hash aaaa… up to index 64, term 1$/,
    checks: 1,
  },
  {
    title: 'other terms at an index may be other logs, and are not compared',
    id: 'log-matching',
    reports: [logs('n1', [64, 1, 'a']), logs('n2', [64, 2, 'b'])],
    expected: 'unknown',
  },
  {
    title: 'the same entry after another past',
    id: 'log-matching',
    reports: [logs('n1', [64, 1, 'a']), logs('n2', [64, 1, 'b'])],
    expected: 'fail',
    says: /^the logs of n1 and n2 both hold index 64 of term 1, and differ/,
  },
  {
    title: 'a first leader has nothing to lack',
    id: 'leader-completeness',
    reports: [elected('n1', 1, 0), commits('n1', 1, [2, 1, 'a'])],
    expected: 'unknown',
  },
  {
    title: 'a new leader holds what was committed',
    id: 'leader-completeness',
    reports: [commits('n1', 1, [2, 1, 'a']), elected('n2', 2, 5, [2, 1, 'a'])],
    expected: 'pass',
    says: /^n2, leader of term 2, holds index 2 with hash aaaa…, which n1 knew to be committed in term 1$/,
    checks: 1,
  },
  {
    title: 'what the leader has compacted is not compared',
    id: 'leader-completeness',
    reports: [commits('n1', 1, [2, 1, 'a']), elected('n2', 2, 500, [500, 1, 'x'])],
    expected: 'unknown',
  },
  {
    title: 'its log ends too early',
    id: 'leader-completeness',
    reports: [commits('n1', 1, [6, 1, 'a']), elected('n2', 2, 5, [5, 1, 'x'])],
    expected: 'fail',
    says: /^n2, leader of term 2, lacks committed index 6$/,
  },
  {
    title: 'it has something else there',
    id: 'leader-completeness',
    reports: [commits('n1', 1, [2, 1, 'a']), elected('n2', 2, 5, [2, 1, 'b'])],
    expected: 'fail',
    says: /another log at committed index 2/,
  },
  {
    title: 'the word of the commit comes after the election',
    id: 'leader-completeness',
    reports: [elected('n2', 2, 5), commits('n3', 1, [6, 1, 'a'])],
    expected: 'fail',
    says: /lacks committed index 6/,
  },
  {
    title:
      'what was first known as committed in its own term, it need not have had before (Figure 8)',
    id: 'leader-completeness',
    reports: [elected('n2', 2, 5), commits('n2', 2, [6, 1, 'a']), commits('n3', 3, [7, 2, 'b'])],
    expected: 'unknown',
  },
  {
    title: 'a sitting leader agrees with its follower',
    id: 'leader-completeness',
    reports: [commits('n2', 2, [6, 2, 'a']), leads('n1', 2, { commits: commit(2, [6, 2, 'a']) })],
    expected: 'pass',
    says: /^n1, leader of term 2, holds index 6/,
  },
  {
    title: 'a follower agrees with what the sitting leader said before',
    id: 'leader-completeness',
    reports: [leads('n1', 2, { log: [pointOf([64, 2, 'a'])] }), commits('n2', 2, [64, 2, 'a'])],
    expected: 'pass',
    says: /^n1, leader of term 2, holds index 64 with hash aaaa…, which n2 knew/,
  },
  {
    title: 'a follower knows another entry to be committed than the sitting leader has',
    id: 'leader-completeness',
    reports: [leads('n1', 2, { log: [pointOf([64, 2, 'a'])] }), commits('n2', 2, [64, 1, 'b'])],
    expected: 'fail',
    says: /^n1, leader of term 2, has another log at committed index 64$/,
  },
  {
    title: 'what was committed in a later term binds no leader of before',
    id: 'leader-completeness',
    reports: [leads('n1', 2, { log: [pointOf([64, 2, 'a'])] }), commits('n2', 3, [64, 3, 'b'])],
    expected: 'unknown',
  },
  {
    title: 'a state alone is not checked',
    id: 'state-machine-safety',
    reports: [applied('n1', [9, 90, 'a']), applied('n2', [8, 80, 'b'])],
    expected: 'unknown',
  },
  {
    title: 'equal states',
    id: 'state-machine-safety',
    reports: [applied('n1', [9, 90, 'a']), applied('n2', [9, 90, 'a'])],
    expected: 'pass',
    says: /^n1 and n2 have state hash aaaa… at revision 9$/,
  },
  {
    title: 'different states',
    id: 'state-machine-safety',
    reports: [applied('n1', [9, 90, 'a']), applied('n2', [9, 90, 'b'])],
    expected: 'fail',
    says: /^n2 and n1 differ at revision 9$/,
  },
  {
    title: 'different entries are committed at one index',
    id: 'state-machine-safety',
    reports: [commits('n1', 1, [6, 1, 'a']), commits('n2', 2, [6, 2, 'b'])],
    expected: 'fail',
    says: /committed different entries at or before index 6/,
  },
  {
    title: 'a first report has nothing before it',
    id: 'never-back',
    reports: [at('n1', 1, 5, 100)],
    expected: 'unknown',
  },
  {
    title: 'forward',
    id: 'never-back',
    reports: [at('n1', 1, 5, 100), at('n1', 1, 6, 100)],
    expected: 'pass',
    says: /^n1 is at term 6 and commit index 100/,
  },
  {
    title: 'a new life may know less of what is committed, and a term that was not durable is gone',
    id: 'never-back',
    reports: [at('n1', 1, 6, 100, [5, null]), at('n1', 2, 5, 90, [5, null])],
    expected: 'pass',
  },
  {
    title: 'another store in its place begins anew',
    id: 'never-back',
    reports: [
      at('n1', 1, 5, 100, [5, 'n1']),
      { ...at('n1', 1, 1, 1, [1, 'n2']), identity: identity('n1', 'other', 1) },
    ],
    expected: 'unknown',
  },
  {
    title: 'the term falls',
    id: 'never-back',
    reports: [at('n1', 1, 5, 100), at('n1', 1, 4, 100)],
    expected: 'fail',
    says: /^the term of n1 went back from 5 to 4$/,
  },
  {
    title: 'the commit index falls',
    id: 'never-back',
    reports: [at('n1', 1, 5, 100), at('n1', 1, 5, 99)],
    expected: 'fail',
    says: /^the commit index of n1 went back from 100 to 99$/,
  },
  {
    title: 'the durable term falls over a restart',
    id: 'never-back',
    reports: [at('n1', 1, 5, 100, [5, null]), at('n1', 2, 4, 90, [4, null])],
    expected: 'fail',
    says: /^the stored term of n1 went back from 5 to 4$/,
  },
  {
    title: 'a vote is forgotten over a restart',
    id: 'never-back',
    reports: [at('n1', 1, 5, 100, [5, 'n2']), at('n1', 2, 5, 90, [5, null])],
    expected: 'fail',
    says: /^n1 took back its vote of term 5$/,
  },
  {
    title: 'one stamp has no neighbour',
    id: 'timestamps',
    reports: [applied('n1', [9, 90, 'a'])],
    expected: 'unknown',
  },
  {
    title: 'stamps rise, on whatever nodes and in whatever order they are told',
    id: 'timestamps',
    reports: [
      applied('n1', [9, 90, 'a']),
      applied('n2', [7, 70, 'a']),
      applied('n3', [8, 80, 'a']),
    ],
    expected: 'pass',
    says: /^revision 9 is of 00:00:00.000090 UTC, revision 8 of 00:00:00.000080 UTC$/,
    checks: 3,
  },
  {
    title: 'a later revision has an earlier time',
    id: 'timestamps',
    reports: [applied('n1', [9, 90, 'a']), applied('n2', [10, 85, 'a'])],
    expected: 'fail',
    says: /^time does not rise from revision 9 to 10$/,
  },
  {
    title: 'an earlier revision has the same time',
    id: 'timestamps',
    reports: [applied('n1', [9, 90, 'a']), applied('n2', [8, 90, 'a'])],
    expected: 'fail',
    says: /^time does not rise from revision 8 to 9$/,
  },
  {
    title: 'two nodes have two times for a revision',
    id: 'timestamps',
    reports: [applied('n1', [9, 90, 'a']), applied('n2', [9, 91, 'a'])],
    expected: 'fail',
  },
];

describe('invariants', () => {
  it.each(CASES)('[K34] $id: $title', ({ id, reports, expected, says, checks }) => {
    const { view, told } = run(reports);
    const { status, violation, evidence, ...seen } = view(id);
    expect(status).toBe(expected);
    expect(status === 'unknown').toBe(seen.checks === 0);
    expect(seen.lastCheckedAtMs === null).toBe(seen.checks === 0);
    if (says !== undefined) expect(violation?.text ?? evidence).toMatch(says);
    if (checks !== undefined) expect(seen.checks).toBe(checks);
    expect(violation !== null).toBe(expected === 'fail');
    if (violation !== null) {
      expect(told[violation.eventSeq - 1]?.text).toBe(violation.text);
      expect(violation.facts[0]).not.toBe(violation.facts[1]);
    }
  });

  it('[K34] every invariant passes, fails and is unknown in some case', () => {
    const ids = run([])
      .all()
      .map(({ id }) => id);
    for (const expected of ['pass', 'fail', 'unknown'] as const) {
      const covered = CASES.filter((one) => one.expected === expected).map(({ id }) => id);
      expect([...new Set(covered)].sort()).toEqual([...ids].sort());
    }
  });

  it('[V18] the first violation stays, whatever comes after, and is told once', () => {
    const { view, told } = run([
      logs('n1', [64, 1, 'a']),
      logs('n2', [64, 1, 'b']),
      logs('n3', [64, 1, 'c']),
      logs('n3', [128, 1, 'd']),
      logs('n2', [128, 1, 'd']),
    ]);
    expect(view('log-matching')).toMatchObject({
      status: 'fail',
      checks: 3,
      violation: { node: 'n2' },
    });
    expect(told).toHaveLength(1);
  });

  it('[K34] what is remembered is bounded: what is long past is not compared', () => {
    const many = Array.from({ length: 9000 }, (_, i) => logs('n1', [i + 1, 1, 'a']));
    const { view } = run([...many, logs('n2', [1, 1, 'b']), logs('n2', [9000, 1, 'a'])]);
    expect(view('log-matching')).toMatchObject({ status: 'pass', checks: 1 });
  });
});

function run(reports: readonly NodeReport[]) {
  const invariants = new Invariants();
  const told: Told[] = [];
  for (const one of reports) invariants.report(one, (violation) => told.push(violation));
  const all = (): readonly InvariantView[] => invariants.view();
  const view = (id: InvariantId): InvariantView => {
    const found = all().find((one) => one.id === id);
    if (found === undefined) throw new Error(`no invariant ${id}`);
    return found;
  };
  return { view, all, told };
}

// --- reports -------------------------------------------------------------------

type Point = readonly [index: number, term: number, hash: string];

function evidenceOf(part: Partial<NodeEvidence>): NodeEvidence {
  return { votes: [], offices: [], log: [], commits: [], applied: [], ...part };
}

function pointOf([index, term, hash]: Point) {
  return { index, term, hash: hash.repeat(16) };
}

function identity(nodeId: string, storeId: string, bootEpoch: number): NodeReport['identity'] {
  return { clusterId: 'c', nodeId, storeId, bootEpoch };
}

function leads(id: string, term: number, part: Partial<NodeEvidence> = {}): NodeReport {
  const status = { role: 'leader', term, leader: id, lastIndex: 1000 } as const;
  return report(id, { status, evidence: evidenceOf(part) });
}

function follows(id: string, term: number, leader: string): NodeReport {
  return report(id, { status: { term, leader } });
}

function votes(id: string, ...given: readonly (readonly [number, string | null])[]): NodeReport {
  const all = given.map(([term, votedFor]) => ({ term, votedFor }));
  return report(id, { evidence: evidenceOf({ votes: all }) });
}

function logs(id: string, ...points: readonly Point[]): NodeReport {
  return report(id, { evidence: evidenceOf({ log: points.map(pointOf) }) });
}

function commit(inTerm: number, point: Point): NodeEvidence['commits'] {
  return [{ inTerm, point: pointOf(point) }];
}

function commits(id: string, inTerm: number, point: Point): NodeReport {
  return report(id, { evidence: evidenceOf({ commits: commit(inTerm, point) }) });
}

function elected(
  id: string,
  term: number,
  lastIndex: number,
  ...points: readonly Point[]
): NodeReport {
  const offices = [{ term, lastIndex, points: points.map(pointOf) }];
  return report(id, { evidence: evidenceOf({ offices }) });
}

function applied(id: string, [index, stamp, hash]: Point): NodeReport {
  return report(id, {
    evidence: evidenceOf({ applied: [{ index, stamp, hash: hash.repeat(16) }] }),
  });
}

function at(
  id: string,
  bootEpoch: number,
  term: number,
  commitIndex: number,
  vote?: readonly [number, string | null],
): NodeReport {
  const given = vote === undefined ? [] : [{ term: vote[0], votedFor: vote[1] }];
  return {
    ...report(id, { status: { term, commitIndex }, evidence: evidenceOf({ votes: given }) }),
    identity: identity(id, `store-${id}`, bootEpoch),
  };
}
