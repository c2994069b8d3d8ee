/**
 * Lies planted in what a real run's clients were told: each must be seen by the
 * certificate and, where it concerns the present, by the search too.
 */
import { describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { Entry } from '../../server/raft/types.ts';
import { checkCertificate } from '../../sim/certificate.ts';
import { asReadAnswer } from '../../sim/history.ts';
import type { ReadOp, WriteCommand, WriteOp } from '../../sim/history.ts';
import { checkLinearizability } from '../../sim/linearizability.ts';
import { Reference } from '../../sim/reference.ts';
import { runSeed } from '../../sim/run.ts';
import type { Evidence } from '../../sim/run.ts';

/** One cell, one after another: `before` is written, `after` is written, `read` sees `after`. */
interface Place {
  readonly before: WriteOp;
  readonly after: WriteOp;
  readonly read: ReadOp;
}

function evidenceOf(seed: number): Evidence {
  const given: Evidence[] = [];
  runSeed({ seed, chaosMs: 4000, onEnd: (evidence) => given.push(evidence) });
  return must(given[0], 'a run gives its evidence');
}

/** Null when nothing of the kind happened in this run. */
function placeIn({ history }: Evidence): Place | null {
  const writes = history.filter((op) => op.kind === 'write').filter(isPlainSet);
  for (const read of history) {
    if (read.kind !== 'read' || !isGetAtPresent(read)) continue;
    const seen = valueOf(read);
    const after = writes.find(({ command }) => 'value' in command && command.value === seen);
    const before = writes.findLast(
      ({ command, returned }) =>
        after !== undefined && isSameCell(command, after.command) && returned < after.call,
    );
    // Something else was logged between, and nothing is under way at once.
    if (after === undefined || before === undefined || after.returned >= read.call) continue;
    if (revisionOf(after) + 1 < must(read.answer, 'answered').asOf) return { before, after, read };
  }
  return null;
}

/** So many seeds whose runs have a place for a lie, and forget nothing: the lies are told from the log alone. */
function firstSeeds(count: number): readonly number[] {
  const seeds: number[] = [];
  for (let seed = 1; seeds.length < count; seed++) {
    if (seed > 10 * count) throw new Error('hardly a run has a place for a lie');
    const evidence = evidenceOf(seed);
    const forgets = evidence.committed.some(({ data }) => data.startsWith('["retention"'));
    if (!forgets && placeIn(evidence) !== null) seeds.push(seed);
  }
  return seeds;
}

function isPlainSet({ command, outcome }: WriteOp): boolean {
  const isPlain = command.timestamp === undefined && !('ttl' in command);
  return command.op === 'set' && outcome === 'ok' && isPlain;
}

function isGetAtPresent({ query, outcome }: ReadOp): boolean {
  return query.type === 'get' && outcome === 'ok' && query.at === undefined;
}

function isSameCell(a: WriteCommand, b: WriteCommand): boolean {
  return a.key === b.key && a.field === b.field;
}

function valueOf({ answer }: ReadOp): string | null {
  return answer?.type === 'get' && answer.found !== null ? String(answer.found.value) : null;
}

function revisionOf({ result }: WriteOp): number {
  return result?.ok === true ? must(result.revision, 'it wrote') : 0;
}

/** All reads answered anew by a store that holds `log`, each as of the revision it looked at. */
function answerFrom(log: readonly Entry[], { history, sessions }: Evidence): void {
  const store = KvStore.empty(sessions);
  for (const entry of log) store.apply(entry);
  for (const read of history) {
    if (read.kind !== 'read' || read.answer === null) continue;
    const answered = store.query({ ...read.query, asOf: read.answer.asOf });
    if (answered.ok) read.answer = asReadAnswer(read.query, answered.answer);
  }
}

function withEntry(log: readonly Entry[], index: number, change: Partial<Entry>): readonly Entry[] {
  return log.map((entry) => (entry.index === index ? { ...entry, ...change } : entry));
}

/** Each takes the evidence, lies in its answers, and returns what the log is then. */
const FAULTS: Readonly<Record<string, (evidence: Evidence, place: Place) => readonly Entry[]>> = {
  'values of two reads are swapped': ({ history, committed }, { read }) => {
    const other = history
      .filter((op) => op.kind === 'read')
      .find((op) => isGetAtPresent(op) && valueOf(op) === null);
    const found = read.answer?.type === 'get' ? read.answer.found : null;
    Object.assign(must(read.answer, 'answered'), { found: null });
    Object.assign(must(other?.answer, 'some read found nothing'), { found });
    return committed;
  },
  'an acknowledged write is dropped': (evidence, { after }) => {
    // Repeats of it as well, of which the first would then be done.
    const { data } = must(evidence.committed[revisionOf(after) - 1], 'its entry');
    const log = evidence.committed.map(
      (entry): Entry => (entry.data === data ? { ...entry, kind: 'noop', data: '' } : entry),
    );
    answerFrom(log, evidence);
    return log;
  },
  'a read is stale': ({ committed, sessions }, { after, read }) => {
    const store = KvStore.empty(sessions);
    for (const entry of committed.slice(0, revisionOf(after) - 1)) store.apply(entry);
    const old = store.query(read.query);
    if (old.ok) read.answer = asReadAnswer(read.query, old.answer);
    return committed;
  },
  'a write is applied twice': (evidence, { before, after }) => {
    const { session: _, ...again } = before.command;
    const at = revisionOf(after) + 1;
    const repeated = { kind: 'command', data: encodeCommand(again) } as const;
    answerFrom(withEntry(evidence.committed, at, repeated), evidence);
    // The log holds the repeat, under its session; a store must not have applied it.
    return withEntry(evidence.committed, at, {
      kind: 'command',
      data: encodeCommand(before.command),
    });
  },
  'writes take effect against the order of time': ({ committed }, { before, after }) => {
    const { call, returned } = before;
    Object.assign(before, { call: after.call, returned: after.returned });
    Object.assign(after, { call, returned });
    return committed;
  },
};

describe('lies in a real history', () => {
  const seeds = firstSeeds(3);
  const runs = seeds.map(evidenceOf);

  test('[F5] what was really told passes both judges', () => {
    for (const { history, committed, sessions } of runs) {
      expect(checkCertificate(history, new Reference(committed, sessions))).toEqual([]);
      const { complaints, judged, parts } = checkLinearizability(history);
      expect(complaints).toEqual([]);
      expect(judged).toBeGreaterThan(50);
      expect(parts).toBe(6);
    }
  });

  for (const [fault, plant] of Object.entries(FAULTS)) {
    test(`[F5] both judges see it when ${fault}`, () => {
      for (const [i, run] of runs.entries()) {
        const evidence = structuredClone(run);
        const committed = plant(evidence, must(placeIn(evidence), 'a place for a lie'));
        const seed = `seed ${seeds[i]}`;
        const reference = new Reference(committed, evidence.sessions);
        expect(checkCertificate(evidence.history, reference), seed).not.toEqual([]);
        expect(checkLinearizability(evidence.history).complaints, seed).not.toEqual([]);
      }
    });
  }

  test('[F3] a lie about the past is for the certificate to see', () => {
    const { history, committed, sessions } = structuredClone(must(runs[0], 'a run'));
    const past = history
      .filter((op) => op.kind === 'read')
      .find((op) => op.query.type === 'get' && op.query.at !== undefined && valueOf(op) !== null);
    Object.assign(must(past?.answer, 'a read of the past'), { found: null });
    expect(checkCertificate(history, new Reference(committed, sessions))).toHaveLength(1);
    expect(checkLinearizability(history).complaints).toEqual([]);
  });

  test('[F5] a run that the search cannot decide is red', () => {
    expect(() => runSeed({ seed: 1, chaosMs: 2000, searchBudget: 1 })).toThrow(
      /not linearizable:\n.* undecided after 1 steps/,
    );
  });
});
