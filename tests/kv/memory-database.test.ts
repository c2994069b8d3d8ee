/**
 * The classic exercise of an in-memory database, level by level, on the store:
 * fields of records; listings; times and lifespans; backup and restore. Its
 * clock is logical: each call comes with a timestamp, and those only rise.
 */
import { describe, expect, test } from 'vitest';
import type { Operation, Restore } from '../../server/kv/types.ts';
import { Writer } from './writer.ts';

/** The exercise's calls, each one command or one query. */
class MemoryDatabase {
  private readonly writer = new Writer();
  private readonly backups: number[] = [];

  setAt(key: string, field: string, value: string, timestamp: number): void {
    this.write({ op: 'set', key, field, value }, timestamp);
  }

  setAtWithTtl(key: string, field: string, value: string, timestamp: number, ttl: number): void {
    this.write({ op: 'set', key, field, value, ttl }, timestamp);
  }

  /** Whether the field was there. */
  deleteAt(key: string, field: string, timestamp: number): boolean {
    const outcome = this.write({ op: 'delete', key, field }, timestamp);
    return outcome.op === 'delete' && outcome.existed;
  }

  getAt(key: string, field: string, at: number): string | null {
    const { found } = this.writer.answer({ type: 'get', key, field, at });
    return found === null ? null : String(found.value);
  }

  /** "field(value)", by field. */
  scanAt(key: string, at: number): readonly string[] {
    return this.scanByPrefixAt(key, '', at);
  }

  scanByPrefixAt(key: string, prefix: string, at: number): readonly string[] {
    const { fields } = this.writer.answer({ type: 'scan', key, prefix, at });
    return fields.map(({ field, value }) => `${field}(${String(value)})`);
  }

  /** How many records there are to save. Nothing is copied: the store forgets nothing. */
  backup(at: number): number {
    this.backups.push(at);
    return this.writer.answer({ type: 'keys', at, limit: 1000 }).keys.length;
  }

  /** All is again as at the latest backup not after `to`; lifespans go on from `timestamp`. */
  restore(timestamp: number, to: number): void {
    const at = this.backups.findLast((backup) => backup <= to);
    if (at === undefined) throw new Error(`no backup up to ${to}`);
    this.write({ op: 'restore', at }, timestamp);
  }

  private write(operation: Operation | Restore, timestamp: number) {
    const dated = operation.op === 'restore' ? operation : { ...operation, timestamp };
    const result = this.writer.apply(dated, timestamp);
    if (!result.ok) throw new Error(result.error.message);
    return result.outcome;
  }
}

describe('level 1: fields of records', () => {
  test('[T1] a field is set, read, and replaced', () => {
    const db = new MemoryDatabase();
    db.setAt('A', 'B', 'E', 1);
    expect(db.getAt('A', 'B', 1)).toBe('E');
    db.setAt('A', 'B', 'F', 2);
    db.setAt('A', 'C', 'G', 3);
    expect([db.getAt('A', 'B', 4), db.getAt('A', 'C', 4)]).toEqual(['F', 'G']);
    expect(db.getAt('A', 'B', 1)).toBe('E');
  });

  test('[T1] there is nothing in a record or field that was never set', () => {
    const db = new MemoryDatabase();
    db.setAt('A', 'B', 'E', 1);
    expect(db.getAt('A', 'D', 2)).toBeNull();
    expect(db.getAt('X', 'B', 2)).toBeNull();
  });

  test('[T6] a delete tells whether there was something, once', () => {
    const db = new MemoryDatabase();
    db.setAt('A', 'B', 'E', 1);
    db.setAt('A', 'C', 'F', 2);
    expect(db.deleteAt('A', 'D', 3)).toBe(false);
    expect(db.deleteAt('X', 'B', 4)).toBe(false);
    expect(db.deleteAt('A', 'B', 5)).toBe(true);
    expect(db.deleteAt('A', 'B', 6)).toBe(false);
    expect(db.getAt('A', 'B', 7)).toBeNull();
    expect(db.getAt('A', 'C', 7)).toBe('F');
    db.setAt('A', 'B', 'again', 8);
    expect(db.getAt('A', 'B', 8)).toBe('again');
  });
});

describe('level 2: listings', () => {
  function filled(): MemoryDatabase {
    const db = new MemoryDatabase();
    db.setAt('A', 'BC', 'E', 1);
    db.setAt('A', 'BD', 'F', 2);
    db.setAt('A', 'C', 'G', 3);
    db.setAt('A', 'B', 'H', 4);
    return db;
  }

  test('[T13] a scan lists the fields in order', () => {
    const db = filled();
    expect(db.scanAt('A', 5)).toEqual(['B(H)', 'BC(E)', 'BD(F)', 'C(G)']);
    expect(db.scanAt('A', 2)).toEqual(['BC(E)', 'BD(F)']);
    expect(db.scanAt('X', 5)).toEqual([]);
  });

  test('[T13] a scan by prefix lists the fields that begin with it', () => {
    const db = filled();
    expect(db.scanByPrefixAt('A', 'B', 5)).toEqual(['B(H)', 'BC(E)', 'BD(F)']);
    expect(db.scanByPrefixAt('A', 'BD', 5)).toEqual(['BD(F)']);
    expect(db.scanByPrefixAt('A', 'D', 5)).toEqual([]);
    expect(db.scanByPrefixAt('A', '', 5)).toEqual(db.scanAt('A', 5));
  });

  test('[T6] what was deleted is not listed', () => {
    const db = filled();
    db.deleteAt('A', 'BC', 5);
    expect(db.scanAt('A', 5)).toEqual(['B(H)', 'BD(F)', 'C(G)']);
    expect(db.scanAt('A', 4)).toEqual(['B(H)', 'BC(E)', 'BD(F)', 'C(G)']);
  });
});

describe('level 3: times and lifespans', () => {
  test('[T2] a value with a lifespan is there from its time up to, not including, its end', () => {
    const db = new MemoryDatabase();
    db.setAtWithTtl('A', 'BC', 'E', 1, 9);
    db.setAtWithTtl('A', 'BC', 'F', 5, 10);
    db.setAt('A', 'BD', 'G', 5);
    expect(db.scanByPrefixAt('A', 'B', 14)).toEqual(['BC(F)', 'BD(G)']);
    expect(db.scanByPrefixAt('A', 'B', 15)).toEqual(['BD(G)']);
    expect([4, 5, 14, 15].map((at) => db.getAt('A', 'BC', at))).toEqual(['E', 'F', 'F', null]);
  });

  test('[T2] a value that is replaced takes its lifespan with it', () => {
    const db = new MemoryDatabase();
    db.setAtWithTtl('A', 'B', 'C', 1, 5);
    db.setAt('A', 'B', 'D', 3);
    expect([2, 3, 6, 100].map((at) => db.getAt('A', 'B', at))).toEqual(['C', 'D', 'D', 'D']);
    db.setAtWithTtl('A', 'B', 'E', 200, 1);
    expect([200, 201].map((at) => db.getAt('A', 'B', at))).toEqual(['E', null]);
  });

  test('[T6] what has expired cannot be deleted', () => {
    const db = new MemoryDatabase();
    db.setAtWithTtl('X', 'Y', 'Z', 2, 15);
    expect(db.getAt('X', 'Y', 3)).toBe('Z');
    db.setAtWithTtl('X', 'Y', 'W', 4, 10);
    expect(db.scanAt('X', 13)).toEqual(['Y(W)']);
    expect(db.scanAt('X', 14)).toEqual([]);
    expect(db.deleteAt('X', 'Y', 16)).toBe(false);
  });

  test('[T6] a delete within the lifespan ends it', () => {
    const db = new MemoryDatabase();
    db.setAtWithTtl('X', 'Y', 'Z', 2, 15);
    expect(db.deleteAt('X', 'Y', 10)).toBe(true);
    expect([9, 10, 16].map((at) => db.getAt('X', 'Y', at))).toEqual(['Z', null, null]);
  });
});

describe('level 4: backup and restore', () => {
  test('[T16] a restore brings back the records of the latest backup, lifespans running on from it', () => {
    const db = new MemoryDatabase();
    db.setAtWithTtl('A', 'B', 'C', 1, 10);
    expect(db.backup(3)).toBe(1);
    db.setAt('A', 'D', 'E', 4);
    expect(db.backup(5)).toBe(1);
    expect(db.deleteAt('A', 'B', 8)).toBe(true);
    expect(db.backup(9)).toBe(1);
    db.restore(10, 7);
    expect(db.backup(11)).toBe(1);
    // Six were left at 5.
    expect(db.scanAt('A', 15)).toEqual(['B(C)', 'D(E)']);
    expect(db.scanAt('A', 16)).toEqual(['D(E)']);
  });

  test('[T16] a backup counts the records that hold something, and no other', () => {
    const db = new MemoryDatabase();
    expect(db.backup(1)).toBe(0);
    db.setAt('A', 'x', '1', 2);
    db.setAt('A', 'y', '2', 3);
    db.setAtWithTtl('B', 'x', '3', 4, 3);
    expect(db.backup(6)).toBe(2);
    expect(db.backup(7)).toBe(1);
    db.deleteAt('A', 'x', 8);
    expect(db.backup(8)).toBe(1);
    db.deleteAt('A', 'y', 9);
    expect(db.backup(9)).toBe(0);
  });

  test('[T16] what came after the backup is gone, and the past still tells of it', () => {
    const db = new MemoryDatabase();
    db.setAt('A', 'x', 'old', 1);
    db.backup(2);
    db.setAt('A', 'x', 'new', 3);
    db.setAt('B', 'y', 'late', 4);
    db.restore(5, 5);
    expect([db.scanAt('A', 5), db.scanAt('B', 5)]).toEqual([['x(old)'], []]);
    expect([db.scanAt('A', 4), db.scanAt('B', 4)]).toEqual([['x(new)'], ['y(late)']]);
  });

  test('[T16] what had expired before the backup stays away; a restore may follow a restore', () => {
    const db = new MemoryDatabase();
    db.setAtWithTtl('A', 'x', 'short', 1, 2);
    db.setAtWithTtl('A', 'y', 'long', 1, 20);
    expect(db.backup(5)).toBe(1);
    db.setAt('A', 'y', 'other', 6);
    db.restore(100, 50);
    expect(db.scanAt('A', 115)).toEqual(['y(long)']);
    expect(db.scanAt('A', 116)).toEqual([]);
    expect(db.backup(110)).toBe(1);
    db.restore(200, 120);
    expect(db.scanAt('A', 205)).toEqual(['y(long)']);
    expect(db.scanAt('A', 206)).toEqual([]);
    db.restore(300, 7);
    expect(db.scanAt('A', 315)).toEqual(['y(long)']);
    expect(() => db.restore(400, 4)).toThrow('no backup');
  });
});
