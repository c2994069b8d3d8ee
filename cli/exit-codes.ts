/** How a command ended, for scripts. A number keeps its meaning for ever. */

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  unknown: 5,
  refused: 6,
  interrupted: 130,
  brokenPipe: 141,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_WORDS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'done',
  failed: 'failed: nothing was written, or the check that was asked for did not pass',
  usage: 'the command itself is wrong; nothing was sent',
  notFound: 'there is no such field, record, node or run',
  unreachable: 'no server, no leader or no quorum: nothing was written, and it may work later',
  unknown: 'the outcome is unknown: a write may or may not be committed, now or later',
  refused: 'a condition did not hold; nothing was written, or the failure branch was',
  interrupted: 'ended by Ctrl-C',
  brokenPipe: 'the reader of the output went away, as after `| head`',
};
