/**
 * What the table of cases is tried on: the store alone, a node's database, or
 * the API of a cluster. Commands go in and answers come out in the store's own
 * terms, whatever lies between.
 */
import type { ViewQuery, ViewAnswer } from '../../../server/kv/queries.ts';
import type { KvError, Outcome, WriteCommand } from '../../../server/kv/types.ts';

/** What a write came to. `code` is REFUSED for what the door, or the command's grammar, does not let in. */
export type Written =
  | {
      readonly ok: true;
      readonly revision: number | null;
      readonly timestamp: number;
      readonly outcome: Outcome;
    }
  | { readonly ok: false; readonly code: RefusalCode; readonly operation: number | undefined };

export type RefusalCode = Exclude<KvError['code'], 'BAD_COMMAND'> | 'BAD_ENCODING' | 'REFUSED';

export interface Page {
  readonly answer: ViewAnswer;
  /** What brings the next page of the same view; null at the end. */
  readonly next: unknown;
}

export type ReadOutcome =
  | ({ readonly ok: true } & Page)
  | { readonly ok: false; readonly code: RefusalCode };

export interface Subject {
  /** Opens a session; resolves to its name. */
  open(): Promise<string>;
  write(command: WriteCommand): Promise<Written>;
  /** `cursor` is `next` of an answer to this very query. */
  read(query: ViewQuery, cursor?: unknown): Promise<ReadOutcome>;
  /** The last revision there is. */
  latest(): Promise<number>;
  /** Resolves when cluster time has moved on by at least `ms`. */
  pass(ms: number): Promise<void>;
}

/** The query for the next page of a store's answer: the same view, from where it ended. */
export function nextQuery(query: ViewQuery, answer: ViewAnswer): ViewQuery | null {
  if (answer.type === 'get' || answer.next === null) return null;
  if (answer.type === 'history' && query.type === 'history')
    return { ...query, asOf: answer.asOf, after: answer.next };
  if (answer.type === 'diff' && query.type === 'diff') {
    const { before, after, next } = answer;
    return { ...query, before, after, start: next };
  }
  if (answer.type === 'versions' && query.type === 'versions') {
    const { at, asOf, next } = answer;
    return { ...query, at, asOf, start: next };
  }
  if (query.type !== 'scan' && query.type !== 'keys' && query.type !== 'range') return null;
  if (answer.type === 'history' || answer.type === 'diff' || answer.type === 'versions')
    return null;
  return { ...query, at: answer.at, asOf: answer.asOf, start: answer.next };
}

export function refusalCode(code: KvError['code']): RefusalCode {
  return code === 'BAD_COMMAND' ? 'REFUSED' : code;
}
