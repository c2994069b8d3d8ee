/** A recording that has a hole explains nothing, and says so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DiskEvent } from '../../torture/crash-states/disk-events.ts';
import { explain } from '../../torture/crash-states/recording.ts';

const EVENTS: readonly DiskEvent[] = [
  { type: 'create', name: 'a.db', file: 1 },
  { type: 'write', file: 1, at: 0, bytes: Buffer.from('abc') },
  { type: 'sync', file: 1 },
  { type: 'write', file: 1, at: 3, bytes: Buffer.from('def') },
];

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'chronoraft-explained-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string): void {
  writeFileSync(path.join(folder, name), text);
}

test('[X20] events that made the files that are there explain them, shared memory apart', () => {
  put('a.db', 'abcdef');
  put('a.db-shm', 'anything');
  expect(() => explain(EVENTS, folder)).not.toThrow();
});

test('[X20] a byte, a length or a name that no call explains is an error', () => {
  put('a.db', 'abcdeX');
  expect(() => explain(EVENTS, folder)).toThrow('the trace does not explain what is in a.db');
  put('a.db', 'abcdefg');
  expect(() => explain(EVENTS, folder)).toThrow('the trace does not explain what is in a.db');
  put('a.db', 'abcdef');
  put('other', '');
  expect(() => explain(EVENTS, folder)).toThrow('there is a.db,other, and the trace has a.db');
});
