/** The reference part of docs/guides/cli.md, in Markdown. */
import { GLOBAL_OPTIONS } from './command.ts';
import type { Command, Option } from './command.ts';
import { exitRows, optionWords, usageOf } from './help.ts';
import type { Group } from './help.ts';

export const GUIDE_BEGINS = '<!-- from here on written by `chronoraft help --markdown` -->';

export function guideOf(groups: readonly Group[]): string {
  return [
    GUIDE_BEGINS,
    '',
    '## Options of every command',
    '',
    ...optionTable(GLOBAL_OPTIONS),
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...exitRows().map(([code, words]) => `| ${code} | ${cell(words)} |`),
    ...groups.flatMap(({ name, commands }) => ['', `## ${name}`, ...commands.flatMap(sectionOf)]),
    '',
  ].join('\n');
}

function sectionOf(command: Command): string[] {
  const { name, summary, about = [], arguments: all, options, examples } = command;
  return [
    '',
    `### ${name}`,
    '',
    `${summary}.`,
    ...about.flatMap((paragraph) => ['', paragraph]),
    '',
    '```',
    usageOf(command),
    '```',
    ...(all.length === 0 ? [] : ['', '| argument | meaning |', '|---|---|']),
    ...all.map((argument) => `| \`${argument.name}\` | ${cell(argument.about)} |`),
    ...(options.length === 0 ? [] : ['', ...optionTable(options)]),
    ...(examples.length === 0 ? [] : ['', '```sh']),
    ...examples.flatMap(({ line, about: text }) => [`# ${text}`, line]),
    ...(examples.length === 0 ? [] : ['```']),
  ];
}

function optionTable(options: readonly Option[]): string[] {
  return [
    '| option | meaning |',
    '|---|---|',
    ...options.map((option) => `| \`${optionWords(option)}\` | ${cell(option.about)} |`),
  ];
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
