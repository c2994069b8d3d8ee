/**
 * Flags of Node that our threads are started with. Not all that the process has:
 * the program around us may load modules first, or come as text on the command
 * line, and neither is for our threads.
 */
export function threadFlags(): string[] {
  return process.execArgv.filter((flag) => flag === '--enable-source-maps');
}
