/** What clients asked and were told: the evidence that the checkers judge. */
import { assert } from '../server/base/assert.ts';
import type { Query, QueryAnswer } from '../server/kv/queries.ts';
import type {
  ApplyResult,
  KvError,
  Revision,
  WriteCommand as AnyWrite,
} from '../server/kv/types.ts';

/** Clients of the simulation write text, field by field. */
export type WriteCommand =
  | (Extract<AnyWrite, { op: 'set' }> & { readonly value: string })
  | Extract<AnyWrite, { op: 'delete' }>;

export type ReadQuery = Extract<Query, { type: 'get' }> | Extract<Query, { type: 'scan' }>;
export type ReadAnswer =
  | Extract<QueryAnswer, { type: 'get' }>
  | Extract<QueryAnswer, { type: 'scan' }>;

/** An answer that says only why there is none. */
export interface Refusal {
  readonly error: KvError;
  /** Revision at which it was refused: of a write its entry, else what the node had applied. */
  readonly asOf: Revision;
}

interface Asked {
  readonly client: string;
  /** Position in the run's order of events; two operations overlap unless one's return is before the other's call. */
  readonly call: number;
  /** Infinity while, or if for ever, unanswered. */
  returned: number;
  /** Why it was given up for good, if a node said so. */
  refusal?: Refusal;
}

export interface WriteOp extends Asked {
  readonly kind: 'write';
  readonly command: WriteCommand;
  /** `failed` is a promise that it never happened and never will; `unknown` promises nothing. */
  outcome: 'ok' | 'failed' | 'unknown';
  result: ApplyResult | null;
}

export interface ReadOp extends Asked {
  readonly kind: 'read';
  readonly query: ReadQuery;
  outcome: 'ok' | 'failed';
  answer: ReadAnswer | null;
}

export type Operation = WriteOp | ReadOp;

/** What the answer says of the field before the write; null when it says nothing. */
export function existedBefore(result: ApplyResult | null): boolean | null {
  if (result === null || !result.ok) return null;
  const { outcome } = result;
  return outcome.op === 'set' || outcome.op === 'delete' ? outcome.existed : null;
}

/** The store's answer to `query`. */
export function asReadAnswer({ type }: ReadQuery, answer: QueryAnswer): ReadAnswer {
  assert(answer.type === type, 'an answer is of the kind of its query');
  return answer as ReadAnswer;
}
