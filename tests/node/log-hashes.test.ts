/** Hashes of a node's log, that others compare with theirs. */
import { describe, expect, it } from 'vitest';
import { BLOCK_ENTRIES, LogHashes } from '../../server/node/log-hashes.ts';
import type { HashedLog } from '../../server/node/log-hashes.ts';
import type { Entry } from '../../server/raft/types.ts';

describe('hashes of the log', () => {
  it('[N30] are equal where logs are equal, and differ from the first difference to the end of its block', () => {
    const [a, b] = [hashed(entries(200)), hashed(entries(200, { 70: 'other' }))];
    const differ = indexes(200).filter((index) => hashAt(a, index) !== hashAt(b, index));
    expect(differ).toEqual(Array.from({ length: 128 - 70 + 1 }, (_, i) => 70 + i));
  });

  it.each([
    ['term', { term: 2 }],
    ['stamp', { stamp: 7 }],
    ['kind', { kind: 'noop' as const }],
    ['data', { data: 'x' }],
  ])('[N30] a difference in %s counts', (_, part) => {
    const one = entry(1, 'v1');
    expect(hashAt(hashed([one]), 1)).not.toBe(hashAt(hashed([{ ...one, ...part }]), 1));
  });

  it('[N30] after a truncation are as if what is gone had never been there', () => {
    const log = hashed(entries(100, { 90: 'gone' }));
    log.hashes.truncate(90);
    expect(log.hashes.pointAt(log.log, 90)).toBeNull();
    log.log = logOf(entries(100));
    log.hashes.advance(log.log, 100);
    const fresh = hashed(entries(100));
    for (const index of indexes(100)) expect(hashAt(log, index)).toBe(hashAt(fresh, index));
  });

  it('[N30] of a log that begins later begin with its first whole block, and are the same there', () => {
    const whole = hashed(entries(300));
    const tail = hashed(entries(300).slice(100));
    const known = indexes(300).filter((index) => hashAt(tail, index) !== undefined);
    expect(known[0]).toBe(2 * BLOCK_ENTRIES + 1);
    for (const index of known) expect(hashAt(tail, index)).toBe(hashAt(whole, index));
  });

  it('[N30] go on with the next block when the log was cut inside the first, or replaced', () => {
    const log = hashed(entries(80).slice(20));
    log.hashes.truncate(50);
    log.log = logOf(entries(200).slice(20));
    log.hashes.advance(log.log, 200);
    expect(hashAt(log, 200)).toBe(hashAt(hashed(entries(200)), 200));
    log.hashes.reset();
    log.log = logOf(entries(260).slice(190));
    log.hashes.advance(log.log, 260);
    expect(hashAt(log, 200)).toBe(hashAt(hashed(entries(260)), 200));
    expect(hashAt(log, 192)).toBeUndefined();
  });

  it('[N30] of the latest 4,096 entries are remembered, and no others', () => {
    const log = hashed(entries(5000));
    expect(hashAt(log, 904)).toBeUndefined();
    expect(hashAt(log, 905)).toMatch(/^[0-9a-f]{16}$/);
  });
});

interface Hashed {
  readonly hashes: LogHashes;
  log: HashedLog;
}

function hashed(held: readonly Entry[]): Hashed {
  const hashes = new LogHashes();
  const log = logOf(held);
  hashes.advance(log, held.at(-1)?.index ?? 0);
  return { hashes, log };
}

function hashAt({ hashes, log }: Hashed, index: number): string | undefined {
  return hashes.pointAt(log, index)?.hash;
}

function logOf(held: readonly Entry[]): HashedLog {
  const firstIndex = held[0]?.index ?? 1;
  return { firstIndex, entryAt: (index) => held[index - firstIndex] as Entry };
}

function entries(count: number, others: Readonly<Record<number, string>> = {}): Entry[] {
  return indexes(count).map((index) => entry(index, others[index] ?? `v${index}`));
}

function entry(index: number, data: string): Entry {
  return { index, term: 1, stamp: index, kind: 'command', data };
}

function indexes(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
