/** From system calls to what was asked of the files in a folder. */
import { expect, test } from 'vitest';
import { DiskEvents } from '../../torture/crash-states/disk-events.ts';
import type { DiskEvent } from '../../torture/crash-states/disk-events.ts';
import { parseTrace } from '../../torture/crash-states/trace.ts';
import { open, pwrite, say, text } from './strace-lines.ts';

const PLACES = { folder: '/d/files', marks: '/d/marks' };

/** Of processes that ran one after the other. */
function eventsOf(...processes: readonly (readonly string[])[]): readonly DiskEvent[] {
  const events = new DiskEvents(PLACES);
  for (const lines of processes) events.addProcess(parseTrace(lines.join('\n')));
  return events.events;
}

function bytes(value: string): Buffer {
  return Buffer.from(value);
}

test('[X20] writes, cuts, syncs, names and marks of the folder are told in order, and nothing of other files', () => {
  const events = eventsOf([
    open('/d/marks', 3, 'O_WRONLY|O_CREAT|O_APPEND'),
    open('/d/files/a.db', 4),
    open('/d/files-not', 5),
    open('/d/files', 6, 'O_RDONLY'),
    say(3, 'opening'),
    pwrite(4, 'abcd', 8),
    pwrite(4, 'efgh', 12, 2),
    pwrite(5, 'elsewhere', 0),
    '7 pwrite64(4, "\\x61", 1, 0) = -1 ENOSPC (No space left on device)',
    '7 fdatasync(4) = 0',
    '7 fsync(6) = 0',
    '7 fsync(4) = ?',
    '7 ftruncate(4, 3) = 0',
    '7 close(4) = 0',
    // Now it is a pipe's.
    say(4, 'a pipe'),
    open('/d/files/b', 4, 'O_RDWR|O_CREAT|O_TRUNC'),
    pwrite(4, 'b', 0),
    `7 rename(${text('/d/files/b')}, ${text('/d/files/c')}) = 0`,
    `7 unlink(${text('/d/files/a.db')}) = 0`,
    `7 unlink(${text('/d/elsewhere')}) = 0`,
    open('/d/files/c', 8, 'O_RDWR|O_TRUNC'),
    say(3, 'done log 1\ndone kv 1'),
  ]);
  expect(events).toEqual([
    { type: 'create', name: 'a.db', file: 1 },
    { type: 'mark', text: 'opening' },
    { type: 'write', file: 1, at: 8, bytes: bytes('abcd') },
    { type: 'write', file: 1, at: 12, bytes: bytes('ef') },
    { type: 'sync', file: 1 },
    { type: 'syncNames' },
    { type: 'resize', file: 1, size: 3 },
    { type: 'create', name: 'b', file: 2 },
    { type: 'write', file: 2, at: 0, bytes: bytes('b') },
    { type: 'rename', name: 'b', to: 'c', file: 2 },
    { type: 'unlink', name: 'a.db', file: 1 },
    { type: 'resize', file: 2, size: 0 },
    { type: 'mark', text: 'done log 1' },
    { type: 'mark', text: 'done kv 1' },
  ]);
});

test('[X20] a file that is made anew under its name is another; the next process finds the first where it was', () => {
  const events = eventsOf(
    [
      open('/d/files/wal', 4),
      `7 unlink(${text('/d/files/wal')}) = 0`,
      open('/d/files/wal', 5),
      pwrite(4, 'old', 0),
      pwrite(5, 'new', 0),
    ],
    [open('/d/files/wal', 6, 'O_RDWR'), pwrite(5, 'x', 0), pwrite(6, 'y', 0)],
  );
  expect(events).toEqual([
    { type: 'create', name: 'wal', file: 1 },
    { type: 'unlink', name: 'wal', file: 1 },
    { type: 'create', name: 'wal', file: 2 },
    { type: 'write', file: 1, at: 0, bytes: bytes('old') },
    { type: 'write', file: 2, at: 0, bytes: bytes('new') },
    { type: 'write', file: 2, at: 0, bytes: bytes('y') },
  ]);
});

test('[X20] the shared memory of SQLite is no file, and what is mapped to be read is not written', () => {
  const events = eventsOf([
    open('/d/files/a.db-shm', 4),
    pwrite(4, 'x', 0),
    '7 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 4, 0) = 0x7f0000000000',
    open('/d/files/a.db', 5),
    '7 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 5, 0) = 0x7f0000000000',
    '7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, 5, 0) = 0x7f0000000000',
    '7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
  ]);
  expect(events).toEqual([{ type: 'create', name: 'a.db', file: 1 }]);
});

test('[X20] plain writes go one after the other; where the end is, is not known', () => {
  const lines = [open('/d/files/a', 4), say(4, 'abc'), pwrite(4, 'X', 9), say(4, 'def')];
  expect(eventsOf(lines)).toEqual([
    { type: 'create', name: 'a', file: 1 },
    { type: 'write', file: 1, at: 0, bytes: bytes('abc\n') },
    { type: 'write', file: 1, at: 9, bytes: bytes('X') },
    { type: 'write', file: 1, at: 4, bytes: bytes('def\n') },
  ]);
  const append = open('/d/files/a', 4, 'O_WRONLY|O_CREAT|O_APPEND');
  expect(() => eventsOf([append, say(4, 'abc')])).toThrow('write of a file that is watched');
});

test.each([
  ['several buffers', '7 pwritev(4, [{iov_base="\\x61", iov_len=1}], 1, 0) = 1'],
  ['memory that is the file', '7 mmap(NULL, 1, PROT_READ|PROT_WRITE, MAP_SHARED, 4, 0) = 0x7f'],
  ['another name for its number', '7 dup(4) = 9'],
  ['room asked for', '7 fallocate(4, 0, 0, 4096) = 0'],
  ['a cut by its name', `7 truncate(${text('/d/files/a.db')}, 10) = 0`],
  ['a copy into it', '7 copy_file_range(9, NULL, 4, NULL, 100, 0) = 100'],
  ['a second name', `7 link(${text('/d/files/a.db')}, ${text('/d/x')}) = 0`],
  ['a link to it', `7 symlinkat(${text('/d/x')}, AT_FDCWD, ${text('/d/files/x')}) = 0`],
  ['a way to open it', `7 openat2(AT_FDCWD, ${text('/d/files/a.db')}, {flags=O_RDWR}, 24) = 9`],
  ['a sync of all disks', '7 sync() = 0'],
  ['a name from elsewhere', `7 rename(${text('/d/x')}, ${text('/d/files/x')}) = 0`],
  ['a file that was there before', open('/d/files/x', 9, 'O_RDWR')],
  ['a process that ended within a write', '7 pwrite64(4, "\\x61", 1, 0) = ?'],
])('[X20] what the model does not know is refused: %s', (_what, line) => {
  expect(() => eventsOf([open('/d/files/a.db', 4), line])).toThrow(/trace|renamed/);
});

test('[X20] what the model does not know may be done to other files', () => {
  const lines = [
    open('/d/files/a.db', 4),
    `7 truncate(${text('/d/other')}, 10) = 0`,
    '7 copy_file_range(4, NULL, 9, NULL, 100, 0) = 100',
    `7 link(${text('/d/x')}, ${text('/d/y')}) = 0`,
  ];
  expect(eventsOf(lines)).toHaveLength(1);
});
