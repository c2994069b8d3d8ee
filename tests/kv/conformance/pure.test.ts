/** The conformance cases on the store alone, each on one of its own. */
import { describe, expect, test } from 'vitest';
import { KvStore } from '../../../server/kv/store.ts';
import { encodeCommand } from '../../../server/kv/command.ts';
import type { ViewQuery } from '../../../server/kv/queries.ts';
import type { Command, WriteCommand } from '../../../server/kv/types.ts';
import { openIn, restored } from '../writer.ts';
import { CASES } from './cases.ts';
import { askAgain, runCase } from './run-case.ts';
import { nextQuery, refusalCode } from './subject.ts';
import type { ReadOutcome, Subject, Written } from './subject.ts';

/** A leader's clock that stands still unless it is moved; revisions do not begin at 1. */
class StoreSubject implements Subject {
  readonly store: KvStore;

  constructor(store = KvStore.empty()) {
    this.store = store;
    if (store.lastApplied === 0) for (let i = 0; i < 3; i++) this.apply({ op: 'tick' }, 1_000_000);
  }

  open(): Promise<string> {
    return Promise.resolve(openIn((command) => this.apply(command, 1)));
  }

  write(command: WriteCommand): Promise<Written> {
    const result = this.apply(command, 1);
    return Promise.resolve(
      result.ok
        ? result
        : {
            ok: false,
            code: refusalCode(result.error.code),
            operation: result.error.operation,
          },
    );
  }

  read(query: ViewQuery, cursor?: unknown): Promise<ReadOutcome> {
    const result = this.store.query((cursor as ViewQuery | undefined) ?? query);
    return Promise.resolve(
      result.ok
        ? { ok: true, answer: result.answer, next: nextQuery(query, result.answer) }
        : { ok: false, code: refusalCode(result.error.code) },
    );
  }

  latest(): Promise<number> {
    return Promise.resolve(this.store.lastApplied);
  }

  pass(ms: number): Promise<void> {
    this.apply({ op: 'tick' }, ms * 1000);
    return Promise.resolve();
  }

  private apply(command: Command, micros: number) {
    return this.store.apply({
      index: this.store.lastApplied + 1,
      stamp: this.store.lastStamp + micros,
      kind: 'command',
      data: encodeCommand(command),
    });
  }
}

describe('the store', () => {
  for (const each of CASES) {
    test(each.title, async () => {
      const subject = new StoreSubject();
      const repeats = await runCase(each, subject);
      const again = new StoreSubject(restored(subject.store, 2));
      await askAgain(again, repeats);
      expect(again.store.stateHash).toBe(subject.store.stateHash);
    });
  }
});
