/** The command line from its words to its exit code, with a world that it is given. */
import { Call } from './call.ts';
import { COMMANDS } from './commands.ts';
import { GLOBAL_OPTIONS } from './command.ts';
import { CliError, usageError } from './failure.ts';
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { helpOf } from './help.ts';
import { write } from './io.ts';
import type { Io } from './io.ts';
import { commandOf, nearest, parseWords } from './parse.ts';
import { inert, jsonText } from './text.ts';

/** `words` are those after the program's name. Throws only what is a bug. */
export async function runCli(words: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await run(words, io);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code !== 'INTERRUPTED') await complain(error, words.includes('--json'), io);
    return error.exit;
  }
}

async function run(words: readonly string[], io: Io): Promise<ExitCode> {
  const { leading, following } = atCommand(words);
  const asksHelp =
    following[0] === undefined || following[0] === '-h' || leading.includes('--help');
  const asked = asksHelp ? ['help'] : following;
  const found = commandOf(COMMANDS, asked);
  if (found === null) throw unknownCommand(asked);
  const { command, rest } = found;
  const options = asksHelp ? [] : leading;
  const parsed = parseWords(command, [...options, ...rest]);
  const call = new Call(command, parsed, io);
  if (call.flag('help')) {
    await call.print(helpOf(command));
    return EXIT.ok;
  }
  return (await command.run(call)) ?? EXIT.ok;
}

/** Options that every command takes may stand before it. */
function atCommand(words: readonly string[]) {
  let at = 0;
  while (words[at]?.startsWith('--') === true) {
    const option = GLOBAL_OPTIONS.find(({ name }) => words[at] === `--${name}`);
    at += option?.value === undefined ? 1 : 2;
  }
  return { leading: words.slice(0, at), following: words.slice(at) };
}

function unknownCommand(words: readonly string[]): CliError {
  const [first = '', second = ''] = words;
  const seconds = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(
    ({ name }) => name.split(' ')[1] ?? '',
  );
  if (seconds.length > 0)
    return usageError(
      `${first} needs one of ${seconds.join(', ')}`,
      `see \`chronoraft help ${first}\``,
    );
  const names = COMMANDS.map(({ name }) => name);
  const near = nearest(`${first} ${second}`.trim(), names) ?? nearest(first, names);
  return usageError(
    `there is no command "${first}"`,
    near === null ? 'see `chronoraft help`' : `did you mean ${near}?`,
  );
}

/** One line, whatever is in it. */
async function complain({ code, message, todo }: CliError, json: boolean, io: Io): Promise<void> {
  const line = json
    ? jsonText({ error: { code, message, todo } })
    : inert(`chronoraft: ${message}${todo === null ? '' : `; ${todo}`}`);
  await write(io.stderr, `${line}\n`);
}
