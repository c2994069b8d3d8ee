/** What clients asked and were told: the evidence that the checkers judge. */
import type { ApplyResult, Command, Query, QueryAnswer } from '../server/kv/types.ts';

export type WriteCommand = Extract<Command, { op: 'set' | 'delete' }>;

interface Asked {
  readonly client: string;
  /** Position in the run's order of events; two operations overlap unless one's return is before the other's call. */
  readonly call: number;
  /** Infinity while, or if for ever, unanswered. */
  returned: number;
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
  readonly query: Query;
  outcome: 'ok' | 'failed';
  answer: QueryAnswer | null;
}

export type Operation = WriteOp | ReadOp;
