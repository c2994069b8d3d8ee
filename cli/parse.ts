/** The words of a command line against the table of commands. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { GLOBAL_OPTIONS } from './command.ts';
import type { Command, Option } from './command.ts';
import { usageError } from './failure.ts';

export interface Parsed {
  readonly arguments: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** The command that the first words name, and the words after it; null when they name none. */
export function commandOf(
  commands: readonly Command[],
  words: readonly string[],
): { readonly command: Command; readonly rest: readonly string[] } | null {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const command = words.length < length ? undefined : commands.find((each) => each.name === name);
    if (command !== undefined) return { command, rest: words.slice(length) };
  }
  return null;
}

/** Throws an error of usage that says what is wrong and where to read on. */
export function parseWords(command: Command, words: readonly string[]): Parsed {
  const options = [...command.options, ...GLOBAL_OPTIONS];
  const { named, positional } = sorted(options, words);
  const values = readOptions(command, options, named);
  if (values['help'] !== true) checkCount(command, positional);
  return { arguments: positional, options: values };
}

/**
 * Options and the rest apart. An option takes the word after it whatever it begins with, and a
 * word such as -5 is a number: times and numbers may be negative.
 */
function sorted(
  options: readonly Option[],
  words: readonly string[],
): { readonly named: readonly string[]; readonly positional: readonly string[] } {
  const named: string[] = [];
  const positional: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return { named, positional: [...positional, ...words.slice(at + 1)] };
    if (!word.startsWith('-') || word === '-' || /^-[\d.]/.test(word)) {
      positional.push(word);
      continue;
    }
    const takesNext = options.some(
      ({ name, short, value }) =>
        value !== undefined && (word === `--${name}` || word === `-${short}`),
    );
    const next = words[at + 1];
    if (takesNext && next !== undefined) {
      named.push(`${word.startsWith('--') ? word : longOf(options, word)}=${next}`);
      at++;
    } else {
      named.push(word);
    }
  }
  return { named, positional };
}

function longOf(options: readonly Option[], short: string): string {
  return `--${options.find((option) => `-${option.short}` === short)?.name ?? short}`;
}

function readOptions(
  command: Command,
  options: readonly Option[],
  named: readonly string[],
): Parsed['options'] {
  const config: NonNullable<ParseArgsConfig['options']> = {};
  for (const { name, short, value } of options) {
    config[name] = {
      type: value === undefined ? 'boolean' : 'string',
      ...(short !== undefined && { short }),
      multiple: true,
    };
  }
  const values: Record<string, string | boolean | undefined> = {};
  for (const [name, all] of Object.entries(valuesOf(command, options, named, config))) {
    if (!Array.isArray(all)) continue;
    if (all.length > 1 && typeof all[0] === 'string')
      throw usageError(`--${name} is given ${all.length} times`, seeHelp(command));
    values[name] = all[0];
  }
  for (const { name, choices } of options) {
    const value = values[name];
    if (choices !== undefined && typeof value === 'string' && !choices.includes(value))
      throw usageError(`--${name} is one of ${choices.join(', ')}`, seeHelp(command));
  }
  return values;
}

function valuesOf(
  command: Command,
  options: readonly Option[],
  named: readonly string[],
  config: NonNullable<ParseArgsConfig['options']>,
): Readonly<Record<string, unknown>> {
  try {
    return parseArgs({ args: [...named], options: config, allowPositionals: false }).values;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // Its value may be a secret: only names are repeated.
    const word = named.find((each) => !isKnown(options, each))?.split('=')[0];
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' && word !== undefined) {
      const near = nearest(
        word.replace(/^-+/, ''),
        options.map(({ name }) => name),
      );
      const meant = near === null ? seeHelp(command) : `did you mean --${near}?`;
      throw usageError(`${command.name} has no option ${word}`, meant);
    }
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
      const wrong = named
        .map((each) => each.split('=')[0] ?? '')
        .find((each, at) => misuses(options, each, named[at]?.includes('=') === true));
      const takes = options.some(({ name, value }) => `--${name}` === wrong && value !== undefined);
      throw usageError(
        `${wrong ?? 'an option'} takes ${takes ? 'a' : 'no'} value`,
        seeHelp(command),
      );
    }
    throw error;
  }
}

function isKnown(options: readonly Option[], word: string): boolean {
  const name = word.split('=')[0];
  return options.some((option) => name === `--${option.name}` || name === `-${option.short}`);
}

function misuses(options: readonly Option[], name: string, hasValue: boolean): boolean {
  return options.some(
    (option) =>
      (name === `--${option.name}` || name === `-${option.short}`) &&
      (option.value !== undefined) !== hasValue,
  );
}

function checkCount(command: Command, given: readonly string[]): void {
  const missing = command.arguments.find(
    ({ need }, at) => (need === 'one' || need === 'many') && given.length <= at,
  );
  if (missing !== undefined)
    throw usageError(`${command.name} needs ${missing.name}`, seeHelp(command));
  const isOpen = command.arguments.some(({ need }) => need === 'many' || need === 'any');
  const most = command.arguments.length;
  if (!isOpen && given.length > most)
    throw usageError(
      `${command.name} takes ${most === 0 ? 'no arguments' : `at most ${most}`}, and there are ${given.length}`,
      seeHelp(command),
    );
}

export function seeHelp(command: Command): string {
  return `see \`chronoraft help ${command.name}\``;
}

/** The one that was probably meant; null when none is near. */
export function nearest(word: string, names: readonly string[]): string | null {
  const near = names
    .map((name) => ({ name, steps: stepsBetween(word, name) }))
    .filter(({ name, steps }) => steps <= Math.max(1, Math.floor(name.length / 3)))
    .sort((a, b) => a.steps - b.steps)[0];
  return near?.name ?? null;
}

/** Levenshtein's distance. */
function stepsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
