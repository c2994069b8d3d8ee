/** A command that runs a node with faults in its system calls. */

/** strace, out of the way, so that the node is our own child; of calls on these files alone, if any are named. */
export function injecting(what: string, files: readonly string[] = []): readonly string[] {
  const [calls = ''] = what.split(':', 1);
  return [
    'strace',
    '-D',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${what}`,
    ...files.flatMap((file) => ['-P', file]),
  ];
}
