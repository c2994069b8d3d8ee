/** Help for people: all commands, or one of them with examples. Lines fit 80 columns where words allow. */
import { GLOBAL_OPTIONS } from './command.ts';
import type { Argument, Command, Option } from './command.ts';
import { EXIT, EXIT_WORDS } from './exit-codes.ts';
import { padded, widthOf } from './text.ts';

const COLUMNS = 80;

export interface Group {
  readonly name: string;
  readonly commands: readonly Command[];
}

export function overview(groups: readonly Group[]): string[] {
  const names = groups.flatMap(({ commands }) => commands.map(({ name }) => name));
  const width = Math.max(...names.map(widthOf));
  return [
    'chronoraft: a replicated key-value store that keeps its past',
    '',
    'Usage: chronoraft COMMAND [ARGUMENTS] [OPTIONS]',
    ...groups.flatMap(({ name, commands }) => [
      '',
      name,
      ...commands.flatMap((command) => row(command.name, command.summary, width)),
    ]),
    '',
    'Options of every command',
    ...optionRows(GLOBAL_OPTIONS),
    '',
    'Exit codes',
    ...exitRows().flatMap(([code, words]) => row(code, words, 3)),
    '',
    'Begin with:',
    '  chronoraft start                        in one terminal',
    '  chronoraft put shop price 10            in another',
    '  chronoraft get shop price',
    '  chronoraft top',
    '',
    '`chronoraft help COMMAND` has examples for each.',
  ];
}

export function exitRows(): readonly (readonly [string, string])[] {
  return Object.entries(EXIT).map(([name, code]) => [
    String(code),
    EXIT_WORDS[name as keyof typeof EXIT],
  ]);
}

export function usageOf({ name, arguments: all, options }: Command): string {
  const words = all.map(wordOf);
  return ['chronoraft', name, ...words, ...(options.length > 0 ? ['[OPTIONS]'] : [])].join(' ');
}

function wordOf({ name, need }: Argument): string {
  switch (need) {
    case 'one':
      return name;
    case 'optional':
      return `[${name}]`;
    case 'many':
      return `${name}...`;
    case 'any':
      return `[${name}...]`;
  }
}

export function helpOf(command: Command): string[] {
  const { summary, about = [], arguments: all, options, examples } = command;
  const width = Math.max(0, ...all.map(({ name }) => widthOf(name)));
  return [
    ...wrapped(`${summary}.`, COLUMNS),
    ...about.flatMap((paragraph) => ['', ...wrapped(paragraph, COLUMNS)]),
    '',
    `Usage: ${usageOf(command)}`,
    ...(all.length === 0 ? [] : ['', 'Arguments']),
    ...all.flatMap(({ name, about: text }) => row(name, text, width)),
    ...(options.length === 0 ? [] : ['', 'Options', ...optionRows(options)]),
    '',
    'Options of every command',
    ...optionRows(GLOBAL_OPTIONS),
    ...(examples.length === 0 ? [] : ['', 'Examples']),
    ...examples.flatMap(({ line, about: text }) => [`  # ${text}`, `  ${line}`]),
  ];
}

/** "--at TIME", "-h, --help". */
export function optionWords({ name, short, value }: Option): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

function optionRows(options: readonly Option[]): string[] {
  const width = Math.max(0, ...options.map((option) => widthOf(optionWords(option))));
  return options.flatMap((option) => row(optionWords(option), option.about, width));
}

/** A name and what it is; what does not fit goes on below. */
function row(name: string, about: string, width: number): string[] {
  const indent = width + 4;
  return wrapped(about, Math.max(30, COLUMNS - indent)).map((line, at) =>
    at === 0 ? `  ${padded(name, width)}  ${line}` : ' '.repeat(indent) + line,
  );
}

function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) > columns && line !== '') {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
