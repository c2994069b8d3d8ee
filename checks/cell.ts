/**
 * A cell of a history, (key, field): the reads and writes of one register, with
 * the times at which each was asked and answered. What may be judged apart from
 * all other cells (Horn and Kroening's P-compositionality, 2015).
 */

interface Asked {
  readonly operation: { readonly client: string };
  readonly call: number;
  readonly returned: number;
}

export interface CellRead extends Asked {
  readonly kind: 'read';
  /** Null: absent. */
  readonly value: string | null;
}

export interface CellWrite extends Asked {
  readonly kind: 'write';
  /** Infinity when open. */
  readonly returned: number;
  /** Null: a delete. */
  readonly value: string | null;
  readonly mayExpire: boolean;
  /** What the answer says of the field just before; null when nothing is known. */
  readonly existed: boolean | null;
  /** It takes effect only where this stands. No two writes of a cell with such ones have one value. */
  readonly expects?: string;
}

export interface Cell {
  readonly key: string;
  readonly field: string;
  /** What happened within its interval, by call. */
  readonly settled: (CellRead | CellWrite)[];
  /** What shows at one instant after its call, or never, by call. */
  readonly open: CellWrite[];
}
