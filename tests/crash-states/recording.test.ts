/** What a process does is recorded as it was; a recording that has a hole explains nothing, and says so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DiskEvent } from '../../torture/crash-states/disk-events.ts';
import { explain, record, whyNotRecorded } from '../../torture/crash-states/recording.ts';
import { TraceError } from '../../torture/crash-states/trace.ts';

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

/** Of a process that does this, and of one that only looks. */
function recordOf(does: string): Promise<readonly DiskEvent[]> {
  put(
    'writer.mjs',
    `import { appendFile, link, open, rename } from 'node:fs/promises';
     const [, , , , from, folder, marks] = process.argv;
     if (from === '0') { ${does} }`,
  );
  return record({
    writer: path.join(folder, 'writer.mjs'),
    seed: 1,
    rounds: 1,
    steps: [{ type: 'open' }],
    migrationsDir: 'unused',
    folder: path.join(folder, 'recorded'),
  });
}

const why = await whyNotRecorded();
if (why !== null) process.stderr.write(`SKIPPED: nothing is recorded: ${why}\n`);

test.skipIf(why !== null)(
  '[X20] what a process does, in whatever thread, is recorded',
  async () => {
    const long = 'x'.repeat(100_000);
    const events = await recordOf(`
    const file = await open(folder + '/a', 'w+');
    await file.write('${long}', 5);
    await file.datasync();
    await appendFile(marks, 'done\\n');
    await file.truncate(7);
    await rename(folder + '/a', folder + '/b');
    await (await open(folder)).sync();`);
    expect(events).toEqual([
      { type: 'create', name: 'a', file: 1 },
      { type: 'write', file: 1, at: 5, bytes: Buffer.from(long) },
      { type: 'sync', file: 1 },
      { type: 'mark', text: 'done' },
      { type: 'resize', file: 1, size: 7 },
      { type: 'rename', name: 'a', to: 'b', file: 1 },
      { type: 'syncNames' },
    ]);
  },
);

test.skipIf(why !== null)(
  '[X20] what it did in a way that is not understood is an error',
  async () => {
    const recorded = recordOf(`
    await appendFile(marks, 'done\\n');
    await link(marks, folder + '/other');`);
    await expect(recorded).rejects.toThrow(TraceError);
  },
);
