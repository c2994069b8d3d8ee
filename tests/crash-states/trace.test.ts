/** Reading what strace wrote. */
import { expect, test } from 'vitest';
import { bytesOf, parseTrace, TraceError } from '../../torture/crash-states/trace.ts';
import { pwrite, text } from './strace-lines.ts';

test('[X20] calls are read with their arguments, in the order in which they ended', () => {
  const calls = parseTrace(
    [
      '7 fsync(3 <unfinished ...>',
      '8 close(9) = 0',
      '7 <... fsync resumed>)              = 0',
      '7 openat(AT_FDCWD, "\\x2f\\x61", O_RDWR|O_CREAT, 0644) = -1 ENOENT (No such file or directory)',
      '8 writev(4, [{iov_base="\\x61", iov_len=1}, {iov_base="\\x62", iov_len=1}], 2) = 2',
      '8 mmap(NULL, 32768, PROT_READ|PROT_WRITE, MAP_SHARED, 5, 0) = 0x7f0000000000',
      '8 sync() = 0',
      '8 fsync(3) = ?',
      '8 --- SIGCHLD {si_signo=SIGCHLD} ---',
      '7 +++ killed by SIGKILL +++',
      '',
    ].join('\n'),
  );
  expect(calls).toEqual([
    { pid: 8, name: 'close', args: ['9'], result: 0, line: 2 },
    { pid: 7, name: 'fsync', args: ['3'], result: 0, line: 3 },
    {
      pid: 7,
      name: 'openat',
      args: ['AT_FDCWD', '"\\x2f\\x61"', 'O_RDWR|O_CREAT', '0644'],
      result: -1,
      line: 4,
    },
    {
      pid: 8,
      name: 'writev',
      args: ['4', '[{iov_base="\\x61", iov_len=1}, {iov_base="\\x62", iov_len=1}]', '2'],
      result: 2,
      line: 5,
    },
    {
      pid: 8,
      name: 'mmap',
      args: ['NULL', '32768', 'PROT_READ|PROT_WRITE', 'MAP_SHARED', '5', '0'],
      result: 0x7f0000000000,
      line: 6,
    },
    { pid: 8, name: 'sync', args: [], result: 0, line: 7 },
    { pid: 8, name: 'fsync', args: ['3'], result: null, line: 8 },
  ]);
});

test('[X20] any byte that was written is read back', () => {
  const all = String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i)) + 'é😀",\\)';
  const [call] = parseTrace(pwrite(3, all, 0, Buffer.byteLength(all)));
  expect(bytesOf(call?.args[1], 1).toString()).toBe(all);
});

test('[X20] what is not understood is an error that names its line, and so is a string that was cut', () => {
  const bad = ['nonsense', '7 fsync', '7 <... fsync resumed>) = 0', '7 fsync(3) = maybe'];
  for (const line of bad)
    expect(() => parseTrace(`7 close(3) = 0\n${line}`), line).toThrow(/^line 2 of the trace/);
  const other = '7 fsync(3 <unfinished ...>\n7 <... close resumed>) = 0';
  expect(() => parseTrace(other)).toThrow(TraceError);
  expect(() => bytesOf(`${text('abc')}...`, 4)).toThrow(/^line 4 /);
  expect(() => bytesOf(undefined, 4)).toThrow(TraceError);
});
