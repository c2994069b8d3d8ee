/**
 * The judge is judged: histories that are right pass, and each kind of lie that
 * a store could tell is named.
 */
import { describe, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { USUAL_LIMITS } from '../../server/kv/sessions.ts';
import type { SessionLimits } from '../../server/kv/sessions.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { ApplyResult, Command, KvError } from '../../server/kv/types.ts';
import { openIn } from '../kv/writer.ts';
import type { Entry } from '../../server/raft/types.ts';
import { checkCertificate } from '../../sim/certificate.ts';
import { asReadAnswer } from '../../sim/history.ts';
import { Reference } from '../../sim/reference.ts';
import type {
  Operation,
  ReadAnswer,
  ReadOp,
  ReadQuery,
  Refusal,
  WriteCommand,
  WriteOp,
} from '../../sim/history.ts';

/** A cluster of one that answers at once: every operation is called, done and returned in turn. */
class Story {
  readonly committed: Entry[] = [];
  readonly operations: Operation[] = [];
  private readonly store: KvStore;
  private readonly limits: SessionLimits;
  private clock = 0;
  private sequence = 0;
  private readonly client: string;

  constructor(limits = USUAL_LIMITS) {
    this.limits = limits;
    this.store = KvStore.empty(limits);
    this.client = openIn((command) => this.commit(command));
  }

  write(value: string, timestamp?: number): WriteOp {
    const command: WriteCommand = {
      op: 'set',
      key: 'k',
      field: 'f',
      value,
      ...(timestamp !== undefined && { timestamp }),
      session: { client: this.client, sequence: ++this.sequence },
    };
    const call = this.clock++;
    const result = this.commit(command);
    return this.keep({
      kind: 'write',
      client: 'c',
      command,
      call,
      returned: this.clock++,
      ...(result.ok
        ? { outcome: 'ok', result }
        : { outcome: 'failed', result: null, refusal: this.refusal(result.error) }),
    });
  }

  read(query: ReadQuery = { type: 'get', key: 'k', field: 'f' }): ReadOp {
    const call = this.clock++;
    const result = this.store.query(query);
    return this.keep({
      kind: 'read',
      client: 'r',
      query,
      call,
      returned: this.clock++,
      ...(result.ok
        ? { outcome: 'ok', answer: asReadAnswer(query, result.answer) }
        : { outcome: 'failed', answer: null, refusal: this.refusal(result.error) }),
    });
  }

  private refusal(error: KvError): Refusal {
    return { error, asOf: this.committed.length };
  }

  answer(query: ReadQuery): ReadAnswer {
    const result = this.store.query(query);
    if (!result.ok) throw new Error(result.error.message);
    return asReadAnswer(query, result.answer);
  }

  commit(command: Command): ApplyResult {
    const index = this.committed.length + 1;
    const entry: Entry = {
      index,
      term: 1,
      stamp: index * 1000,
      kind: 'command',
      data: encodeCommand(command),
    };
    this.committed.push(entry);
    return this.store.apply(entry);
  }

  complaints(): readonly string[] {
    return checkCertificate(this.operations, new Reference(this.committed, this.limits));
  }

  private keep<T extends Operation>(operation: T): T {
    this.operations.push(operation);
    return operation;
  }
}

function found(read: ReadOp) {
  if (read.answer?.type !== 'get' || read.answer.found === null) throw new Error('nothing found');
  return read.answer.found;
}

describe('certificate', () => {
  test('[F3] an honest history passes: reads now, then, as of, and scans', () => {
    const story = new Story();
    story.read();
    story.write('one');
    story.read();
    story.write('two');
    story.read({ type: 'get', key: 'k', field: 'f', at: 1 });
    story.read({ type: 'get', key: 'k', field: 'f', asOf: 1 });
    story.read({ type: 'scan', key: 'k' });
    expect(story.complaints()).toEqual([]);
  });

  test('[F3] a swapped value is seen', () => {
    const story = new Story();
    story.write('one');
    const read = story.read();
    Object.assign(found(read), { value: 'other' });
    expect(story.complaints().join()).toContain('one of revision 2 stands there, but other');
  });

  test('[F3] a value that is missing from an answer is seen, in a scan too', () => {
    const story = new Story();
    story.write('one');
    Object.assign(story.read().answer as object, { found: null });
    Object.assign(story.read({ type: 'scan', key: 'k' }).answer as object, { fields: [] });
    expect(story.complaints()).toHaveLength(2);
  });

  test('[F3] an acknowledged write that is not in the log is seen', () => {
    const story = new Story();
    story.write('one');
    story.write('two');
    story.committed.pop();
    expect(story.complaints().join()).toContain('was acknowledged, but is not in the log');
  });

  test('[F3] a write that was said to have failed and is in the log is seen', () => {
    const story = new Story();
    const write = story.write('one');
    write.outcome = 'failed';
    write.result = null;
    expect(story.complaints().join()).toContain('was said to have failed');
  });

  test('[F3] a write of unknown fate may be there or not', () => {
    const there = new Story();
    there.write('one').outcome = 'unknown';
    there.read();
    expect(there.complaints()).toEqual([]);

    const absent = new Story();
    absent.write('one').outcome = 'unknown';
    absent.committed.pop();
    expect(absent.complaints()).toEqual([]);
  });

  test('[F3] a stale read is seen: it began after a write returned, and looked at the log before it', () => {
    const story = new Story();
    story.write('one');
    const before = story.answer({ type: 'get', key: 'k', field: 'f' });
    story.write('two');
    story.read().answer = before;
    expect(story.complaints().join()).toContain('had returned before');
  });

  test('[F3] the same old answer is right while the write is under way', () => {
    const story = new Story();
    story.write('one');
    const before = story.answer({ type: 'get', key: 'k', field: 'f' });
    const write = story.write('two');
    const read = story.read();
    read.answer = before;
    write.returned = read.returned + 1;
    expect(story.complaints()).toEqual([]);
  });

  test('[F3] writes that took effect against the order of time are seen', () => {
    const story = new Story();
    const first = story.write('one');
    const second = story.write('two');
    const [a, b] = [first.call, first.returned];
    Object.assign(first, { call: second.call, returned: second.returned });
    Object.assign(second, { call: a, returned: b });
    expect(story.complaints().join()).toContain('had returned before');
  });

  test('[F3] a repeat that was applied again, and answered so, is seen', () => {
    const story = new Story();
    const write = story.write('one');
    story.commit(write.command);
    Object.assign(write.result as object, { revision: 3, stamp: 3000 });
    expect(story.complaints().join()).toContain('was answered');
  });

  test('[F3] a repeat that came after its session had ended, and was done again, is seen', () => {
    const story = new Story({ idleMicros: 2500, most: 9 });
    const write = story.write('one');
    for (let i = 0; i < 3; i++) story.commit({ op: 'tick' });
    const late = story.commit(write.command);
    expect(late).toMatchObject({ ok: false, error: { code: 'SESSION_EXPIRED' } });
    expect(story.complaints()).toEqual([]);
    Object.assign(write.result as object, { revision: 6, stamp: 6000 });
    expect(story.complaints().join()).toContain('was answered');
    // And so is one that was refused while its session was open.
    const refused = new Story();
    refused.write('two').outcome = 'failed';
    expect(refused.complaints().join()).toContain('was said to have failed, but was done');
  });

  test('[F3] an answer from a revision that was never committed is seen', () => {
    const story = new Story();
    story.write('one');
    Object.assign(story.read().answer as object, { asOf: 9 });
    expect(story.complaints().join()).toContain('never committed');
  });

  test('[F3] an answer for another time than was asked is seen', () => {
    const story = new Story();
    story.write('one');
    Object.assign(story.read({ type: 'get', key: 'k', field: 'f', at: 1 }).answer as object, {
      at: 0,
    });
    expect(story.complaints().join()).toContain('instead of 1');
  });

  /** From millisecond 3 on, of which revision 3 is, everything is kept. */
  function forgetful(): Story {
    const story = new Story();
    story.write('one');
    story.write('two');
    story.commit({ op: 'retention', maxAgeMs: 1, maxVersions: null });
    story.commit({ op: 'compact', by: 'age', asOf: 3 });
    return story;
  }

  test('[F3] what is dated before the horizon is rightly refused, and what is not is answered', () => {
    const story = forgetful();
    expect(story.write('three', 2).refusal?.error.code).toBe('COMPACTED');
    expect(story.write('four', 3).outcome).toBe('ok');
    expect(story.read({ type: 'scan', key: 'k', at: 2 }).refusal?.error.code).toBe('COMPACTED');
    expect(story.read({ type: 'scan', key: 'k', at: 3 }).outcome).toBe('ok');
    expect(story.complaints()).toEqual([]);
  });

  test.each<[string, (story: Story) => WriteOp | ReadOp]>([
    ['a write', (story) => story.write('three', 2)],
    ['a read', (story) => story.read({ type: 'scan', key: 'k', at: 2 })],
  ])('[F3] %s that is refused is held against the horizon that stood', (_what, ask) => {
    const wrongly = (change: (refusal: Refusal, operation: WriteOp | ReadOp) => void): string => {
      const story = forgetful();
      const operation = ask(story);
      const refusal = structuredClone(must(operation.refusal, 'it was refused'));
      operation.refusal = refusal;
      change(refusal, operation);
      return story.complaints().join();
    };
    expect(wrongly(() => {})).toBe('');
    expect(
      wrongly(({ error }) =>
        Object.assign(error, { horizon: { ...error.horizon, revision: 4, timestamp: 4 } }),
      ),
    ).toContain('was told of horizon');
    expect(wrongly(({ error }) => Object.assign(error, { code: 'TOO_LARGE' }))).toContain(
      'was refused with TOO_LARGE',
    );
    const unforgotten = new Story();
    for (let i = 0; i < 5; i++) unforgotten.commit({ op: 'tick' });
    const operation = ask(unforgotten);
    Object.assign(operation, { outcome: 'failed', refusal: ask(forgetful()).refusal });
    expect(unforgotten.complaints().join()).toContain('nothing that it is about is forgotten');
  });

  test('[F3] a view before the horizon that is answered all the same is seen', () => {
    const story = forgetful();
    const read = story.read();
    Object.assign(read, { query: { ...read.query, at: 2 }, answer: { ...read.answer, at: 2 } });
    expect(story.complaints().join()).toContain('was told what is forgotten');
  });

  test('[F3] a refusal that is old news is seen', () => {
    const story = forgetful();
    const refused = story.read({ type: 'scan', key: 'k', at: 2 });
    story.write('three');
    const late = story.read({ type: 'scan', key: 'k', at: 2 });
    expect(story.complaints()).toEqual([]);
    late.refusal = must(refused.refusal, 'it was refused');
    expect(story.complaints().join()).toContain('had returned before');
  });

  test('[F3] a session that is said to have ended and is open is seen', () => {
    const story = new Story();
    story.write('one');
    const write = story.write('two');
    story.committed.pop();
    const error = { code: 'SESSION_EXPIRED', message: '' } as const;
    Object.assign(write, { outcome: 'failed', result: null, refusal: { error, asOf: 3 } });
    expect(story.complaints().join()).toContain('while its session was open');
  });

  test('[F3] forgetting what the policy keeps is seen', () => {
    const story = new Story();
    story.write('one');
    story.commit({ op: 'retention', maxAgeMs: 3, maxVersions: null });
    story.commit({ op: 'compact', by: 'age', asOf: 2 });
    expect(story.complaints()).toEqual(['entry 4: forgets what the policy keeps']);
  });
});
