/**
 * Reads that a follower has asked its leader about. Each question has a token of
 * its own, counted from a number drawn at boot, so that no answer to an earlier
 * life, or to a question that failed meanwhile, is taken for a fresh one. A
 * question is asked again while no answer comes: it, or the answer, may be lost.
 */
import type { Random } from '../base/random.ts';
import type { MonoMs } from './types.ts';

interface Question {
  readonly id: number;
  askedMono: MonoMs;
}

export class ForwardedReads {
  private readonly open = new Map<number, Question>();
  private nextToken: number;

  constructor(random: Random) {
    this.nextToken = random.nextUint32() * 2 ** 20;
  }

  /** Returns the token of the question. */
  add(id: number, now: MonoMs): number {
    const token = this.nextToken++;
    this.open.set(token, { id, askedMono: now });
    return token;
  }

  /** The read that the token stands for, which is then forgotten; null when nobody waits for it. */
  take(token: number): number | null {
    const question = this.open.get(token);
    this.open.delete(token);
    return question?.id ?? null;
  }

  /** Tokens of questions asked before `before`, which count as asked anew `now`. */
  overdue(before: MonoMs, now: MonoMs): readonly number[] {
    const tokens: number[] = [];
    for (const [token, question] of this.open) {
      if (question.askedMono > before) continue;
      question.askedMono = now;
      tokens.push(token);
    }
    return tokens;
  }

  /** Every read that waits; all are then forgotten. */
  drop(): readonly number[] {
    const ids = [...this.open.values()].map(({ id }) => id);
    this.open.clear();
    return ids;
  }
}
