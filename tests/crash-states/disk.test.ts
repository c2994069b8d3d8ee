/** What may be found on a disk after a loss of power. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DiskEvent } from '../../torture/crash-states/disk-events.ts';
import { Disk, SECTOR_BYTES } from '../../torture/crash-states/disk.ts';
import type { Fate } from '../../torture/crash-states/disk.ts';

const CREATE: DiskEvent = { type: 'create', name: 'a', file: 1 };
const SYNC: DiskEvent = { type: 'sync', file: 1 };
const SYNC_NAMES: DiskEvent = { type: 'syncNames' };

function write(at: number, text: string, file = 1): DiskEvent {
  return { type: 'write', file, at, bytes: Buffer.from(text) };
}

function diskOf(...events: readonly DiskEvent[]): Disk {
  const disk = new Disk();
  for (const event of events) disk.handle(event);
  return disk;
}

/** The files as text, when the same becomes of all that is pending. */
function left(disk: Disk, fate: Fate | readonly Fate[]): Record<string, string> {
  const fates = Array.isArray(fate) ? (fate as Fate[]) : disk.pending.map(() => fate as Fate);
  return Object.fromEntries(
    [...disk.files(fates)].map(([name, bytes]) => [name, bytes.toString()]),
  );
}

test('[X21] what was synchronised is there, and of the rest any part may be', () => {
  const disk = diskOf(CREATE, write(0, 'abc'), SYNC, SYNC_NAMES, write(1, 'X'), write(5, 'Y'));
  expect(left(disk, 'lost')).toEqual({ a: 'abc' });
  expect(left(disk, 'kept')).toEqual({ a: 'aXc\0\0Y' });
  expect(left(disk, ['kept', 'lost'])).toEqual({ a: 'aXc' });
  expect(left(disk, ['lost', 'kept'])).toEqual({ a: 'abc\0\0Y' });
});

test('[X21] a file that was cut and grows again has zeros where it was cut', () => {
  const cut: DiskEvent = { type: 'resize', file: 1, size: 1 };
  const grown: DiskEvent = { type: 'resize', file: 1, size: 5 };
  const disk = diskOf(CREATE, SYNC_NAMES, write(0, 'abcd'), cut, grown, write(4, 'Z'));
  expect(left(disk, 'kept')).toEqual({ a: 'a\0\0\0Z' });
  expect(left(disk, ['kept', 'lost', 'kept', 'kept'])).toEqual({ a: 'abcdZ' });
  expect(left(disk, ['kept', 'kept', 'lost', 'lost'])).toEqual({ a: 'a' });
});

test('[X21] a write is there in some of its sectors, which are counted from the start of the file', () => {
  const at = SECTOR_BYTES - 2;
  const disk = diskOf(
    CREATE,
    SYNC_NAMES,
    write(at, `${'a'.repeat(2)}${'b'.repeat(SECTOR_BYTES)}cc`),
  );
  const zeros = '\0'.repeat(at);
  expect(left(disk, [new Set([0])])).toEqual({ a: `${zeros}aa` });
  expect(left(disk, [new Set([0, 2])])).toEqual({
    a: `${zeros}aa${'\0'.repeat(SECTOR_BYTES)}cc`,
  });
  expect(left(disk, [new Set()])).toEqual({ a: '' });
});

test('[X21] a name is as uncertain as data until the folder is synchronised, and a file without one is gone', () => {
  const unlink: DiskEvent = { type: 'unlink', name: 'a', file: 1 };
  const again: DiskEvent = { type: 'create', name: 'a', file: 2 };
  expect(left(diskOf(CREATE, write(0, 'abc'), SYNC), 'lost')).toEqual({});
  const disk = diskOf(
    CREATE,
    write(0, 'old'),
    SYNC,
    SYNC_NAMES,
    unlink,
    again,
    write(0, 'new', 2),
    {
      type: 'sync',
      file: 2,
    },
  );
  expect(left(disk, ['lost', 'lost'])).toEqual({ a: 'old' });
  expect(left(disk, ['kept', 'lost'])).toEqual({});
  expect(left(disk, ['lost', 'kept'])).toEqual({ a: 'new' });
  disk.handle(SYNC_NAMES);
  expect(disk.pending).toEqual([]);
  expect(left(disk, [])).toEqual({ a: 'new' });
});

test('[X21] a rename moves a name at once, over another too', () => {
  const other: DiskEvent = { type: 'create', name: 'b', file: 2 };
  const rename: DiskEvent = { type: 'rename', name: 'a', to: 'b', file: 1 };
  const disk = diskOf(CREATE, other, write(0, 'one'), write(0, 'two', 2), SYNC, SYNC_NAMES);
  disk.handle({ type: 'sync', file: 2 });
  disk.handle(rename);
  expect(left(disk, 'lost')).toEqual({ a: 'one', b: 'two' });
  expect(left(disk, 'kept')).toEqual({ b: 'one' });
});

test('[X21] kept whole it is a plain file, lost whole it is that of its last sync, whatever was asked for', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), at: fc.nat(40), size: fc.nat(30) }),
    fc.record({ do: fc.constant('resize' as const), at: fc.nat(40), size: fc.constant(0) }),
    fc.record({ do: fc.constant('sync' as const), at: fc.constant(0), size: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const disk = diskOf(CREATE, SYNC_NAMES);
      // The file byte for byte.
      let file: number[] = [];
      let synced: number[] = [];
      for (const [number, { do: what, at, size }] of steps.entries()) {
        if (what === 'sync') {
          synced = [...file];
          disk.handle(SYNC);
          continue;
        }
        const end = what === 'resize' ? at : at + size;
        while (file.length < end && (what === 'resize' || size > 0)) file.push(0);
        if (what === 'resize') {
          file = file.slice(0, at);
          disk.handle({ type: 'resize', file: 1, size: at });
        } else {
          for (let i = at; i < end; i++) file[i] = number + 1;
          disk.handle({ type: 'write', file: 1, at, bytes: Buffer.alloc(size, number + 1) });
        }
      }
      const found = (fate: Fate): readonly number[] => [
        ...(disk.files(disk.pending.map(() => fate)).get('a') ?? []),
      ];
      expect(found('kept')).toEqual(file);
      expect(found('lost')).toEqual(synced);
      // All sectors of a write are the write.
      expect([
        ...(disk
          .files(disk.pending.map(({ type }) => (type === 'write' ? new Set([0]) : 'kept')))
          .get('a') ?? []),
      ]).toEqual(file);
    }),
  );
});
