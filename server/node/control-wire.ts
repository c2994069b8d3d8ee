/**
 * Proposals and their answers as they cross between the main thread and a node.
 * There is one of each for every write, and a copied object costs many times
 * what its values do: proposals cross as columns, and the answers of sets and
 * deletes that were applied as one array of numbers. Every other answer crosses as it
 * is.
 */
import { assert } from '../base/assert.ts';
import type { Outcome } from '../kv/types.ts';
import type { FromNode, Proposed, ToNode } from './control.ts';

export interface Proposal {
  /** Safe integer. */
  readonly id: number;
  readonly data: string;
}

export interface Answer {
  readonly id: number;
  readonly proposed: Proposed;
}

type ProposeMessage = Extract<ToNode, { type: 'propose' }>;
type ProposedMessage = Extract<FromNode, { type: 'proposed' }>;

/** `traced` are ids of some of them. */
export function packProposals(
  proposals: readonly Proposal[],
  traced: readonly number[] = [],
): ProposeMessage {
  const ids = new Float64Array(proposals.length);
  const data: string[] = [];
  for (const proposal of proposals) {
    ids[data.length] = proposal.id;
    data.push(proposal.data);
  }
  return traced.length === 0
    ? { type: 'propose', ids, data }
    : { type: 'propose', ids, data, traced };
}

export function unpackProposals({ ids, data }: ProposeMessage): readonly Proposal[] {
  return data.map((text, i) => ({ id: ids[i] ?? 0, data: text }));
}

/** Numbers of one applied set or delete: id, index, term, revision, timestamp, stamp, outcome. */
const NUMBERS = 7;
/** In the place of a revision: nothing was written. */
const NO_REVISION = -1;
/** Bits of an outcome's number. */
const IS_DELETE = 2;
const EXISTED = 1;

export function packAnswers(answers: readonly Answer[]): ProposedMessage {
  const applied = new Float64Array(answers.length * NUMBERS);
  const others: Answer[] = [];
  let end = 0;
  for (const answer of answers) {
    const { id, proposed } = answer;
    const number = outcomeNumber(proposed);
    if (proposed.outcome !== 'applied' || !proposed.result.ok || number === null) {
      others.push(answer);
      continue;
    }
    const { revision, timestamp, stamp } = proposed.result;
    applied[end++] = id;
    applied[end++] = proposed.index;
    applied[end++] = proposed.term;
    applied[end++] = revision ?? NO_REVISION;
    applied[end++] = timestamp;
    applied[end++] = stamp;
    applied[end++] = number;
  }
  return { type: 'proposed', applied: applied.slice(0, end), others };
}

/** Of a set or a delete that was applied; null for all else. */
function outcomeNumber(proposed: Proposed): number | null {
  if (proposed.outcome !== 'applied' || !proposed.result.ok) return null;
  const { outcome } = proposed.result;
  if (outcome.op !== 'set' && outcome.op !== 'delete') return null;
  return (outcome.op === 'delete' ? IS_DELETE : 0) + (outcome.existed ? EXISTED : 0);
}

function outcomeOf(number: number): Outcome {
  return { op: number < IS_DELETE ? 'set' : 'delete', existed: number % IS_DELETE === EXISTED };
}

/** Each answer once: those of applied writes first, in their order, then the others in theirs. */
export function unpackAnswers(
  { applied, others }: ProposedMessage,
  take: (id: number, proposed: Proposed) => void,
): void {
  assert(applied.length % NUMBERS === 0, 'applied writes cross whole');
  const at = (position: number): number => applied[position] ?? 0;
  for (let i = 0; i < applied.length; i += NUMBERS) {
    const revision = at(i + 3);
    take(at(i), {
      outcome: 'applied',
      index: at(i + 1),
      term: at(i + 2),
      result: {
        ok: true,
        revision: revision === NO_REVISION ? null : revision,
        timestamp: at(i + 4),
        stamp: at(i + 5),
        outcome: outcomeOf(at(i + 6)),
      },
    });
  }
  for (const { id, proposed } of others) take(id, proposed);
}
