/** A store fed by hand: commands become entries with stamps that the test chooses or lets rise by a millisecond. */
import {
  applyKvChanges,
  emptyDurableState,
  restoredNode,
} from '../../server/ports/durable-state.ts';
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import type { SessionLimits } from '../../server/kv/sessions.ts';
import type { AppliedEntry } from '../../server/kv/store.ts';
import type { Query, QueryAnswer } from '../../server/kv/queries.ts';
import type { ApplyResult, Command } from '../../server/kv/types.ts';

export class Writer {
  readonly entries: AppliedEntry[] = [];
  readonly store: KvStore;

  constructor(store = KvStore.empty()) {
    this.store = store;
  }

  /** `stampMs` is the leader's clock; stamps rise whatever it says, as a leader sees to. */
  apply(command: Command | 'noop', stampMs?: number): ApplyResult {
    const last = this.store.lastStamp;
    const entry: AppliedEntry = {
      index: this.store.lastApplied + 1,
      stamp: Math.max(last + 1, stampMs === undefined ? last + 1000 : stampMs * 1000),
      kind: command === 'noop' ? 'noop' : 'command',
      data: command === 'noop' ? '' : encodeCommand(command),
    };
    this.entries.push(entry);
    return this.store.apply(entry);
  }

  /** Opens a session; the name that it got. */
  open(): string {
    return openIn((command) => this.apply(command));
  }

  answer<T extends Query>(query: T): Extract<QueryAnswer, { type: T['type'] }> {
    const result = this.store.query(query);
    if (!result.ok) throw new Error(result.error.message);
    return result.answer as Extract<QueryAnswer, { type: T['type'] }>;
  }

  /** The value of a.x, or "-". */
  read(at?: number, asOf?: number): string {
    const { found } = this.answer({
      type: 'get',
      key: 'a',
      field: 'x',
      ...(at === undefined ? {} : { at }),
      ...(asOf === undefined ? {} : { asOf }),
    });
    return found === null ? '-' : String(found.value);
  }
}

/** Opens a session in a store that applies what it is given; the name that it got. */
export function openIn(apply: (command: Command) => ApplyResult): string {
  const result = apply({ op: 'session' });
  if (!result.ok || result.outcome.op !== 'session') throw new Error('a session is opened');
  return result.outcome.client;
}

/** All that storage would have been given, in batches of at most `batch` entries, restored into a new store. */
export function restored(store: KvStore, batch: number, limits?: SessionLimits): KvStore {
  const disk = emptyDurableState({ clusterId: 'c', nodeId: 'n1', storeId: 's' }, ['n1']);
  for (let changes = store.takeChanges(batch); changes !== null; changes = store.takeChanges(batch))
    applyKvChanges(disk, changes);
  const { kv, ...rows } = restoredNode(disk);
  return KvStore.restore(kv, rows, limits);
}
