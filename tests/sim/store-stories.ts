/** Histories that the real store tells, for judges that must find them honest. */
import { encodeCommand } from '../../server/kv/command.ts';
import { KvStore } from '../../server/kv/store.ts';
import { openIn } from '../kv/writer.ts';
import { asReadAnswer } from '../../sim/history.ts';
import type { Operation, WriteCommand } from '../../sim/history.ts';

export interface Act {
  readonly what: 'set' | 'delete' | 'get' | 'scan';
  readonly field: string;
  readonly timestamp: number | undefined;
  readonly ttl: number | undefined;
  readonly passesMs: number;
  /** How long before and after its instant it is under way. */
  readonly early: number;
  readonly late: number;
  readonly isUnknown: boolean;
}

/** What its clients are told, each operation done at an instant of its own within its interval. */
export function told(acts: readonly Act[]): readonly Operation[] {
  const store = KvStore.empty();
  const history: Operation[] = [];
  let stamp = 1000;
  let index = 0;
  const client = openIn((command) =>
    store.apply({ index: ++index, stamp, kind: 'command', data: encodeCommand(command) }),
  );
  for (const [i, { what, field, timestamp, ttl, passesMs, ...under }] of acts.entries()) {
    stamp += 1 + passesMs * 1000;
    const interval = { call: i - under.early, returned: i + under.late };
    if (what === 'get' || what === 'scan') {
      // A tick, as the leader logs when something is due.
      store.apply({ index: ++index, stamp, kind: 'noop', data: '' });
      const query =
        what === 'get'
          ? ({ type: 'get', key: 'k', field } as const)
          : ({ type: 'scan', key: 'k' } as const);
      const read = store.query(query);
      if (!read.ok) throw new Error(read.error.message);
      const answer = asReadAnswer(query, read.answer);
      history.push({ kind: 'read', client: 'r', query, ...interval, outcome: 'ok', answer });
      continue;
    }
    const session = { client, sequence: i + 1 };
    const at = timestamp === undefined ? {} : { timestamp };
    const command: WriteCommand =
      what === 'delete'
        ? { op: 'delete', key: 'k', field, ...at, session }
        : {
            op: 'set',
            key: 'k',
            field,
            value: `${i}`,
            ...at,
            ...(ttl !== undefined && { ttl }),
            session,
          };
    const data = encodeCommand(command);
    const result = store.apply({ index: ++index, stamp, kind: 'command', data });
    history.push({
      kind: 'write',
      client: 'c',
      command,
      call: interval.call,
      returned: under.isUnknown ? Number.POSITIVE_INFINITY : interval.returned,
      outcome: under.isUnknown ? 'unknown' : 'ok',
      result: under.isUnknown ? null : result,
    });
  }
  return history;
}
