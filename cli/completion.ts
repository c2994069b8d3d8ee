/** Completion for shells, written from the table of commands: words, options, choices, names of nodes and files. */
import { GLOBAL_OPTIONS } from './command.ts';
import type { Argument, Command, Option } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionFor(shell: Shell, commands: readonly Command[]): string[] {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      // zsh runs bash's functions; the last line is its own way to say so.
      return [
        '#compdef chronoraft',
        'autoload -U +X bashcompinit && bashcompinit',
        ...bash(commands),
      ];
    case 'fish':
      return fish(commands);
  }
}

function bash(commands: readonly Command[]): string[] {
  const first = firstWords(commands);
  const cases = commands.map(
    (command) =>
      `    ${quoted(command.name)}) words=${quoted(wordsOf(command).join(' '))}; files=${takesFiles(command) ? 1 : 0} ;;`,
  );
  const groups = first
    .filter((word) => commands.some(({ name }) => name.startsWith(`${word} `)))
    .map(
      (word) =>
        `    ${quoted(word)}) words=${quoted(secondWords(commands, word).join(' '))}; files=0 ;;`,
    );
  const values = [...GLOBAL_OPTIONS, ...commands.flatMap(({ options }) => options)]
    .filter(({ choices }) => choices !== undefined)
    .map(({ name, choices = [] }) => `    --${name}) words=${quoted(choices.join(' '))} ;;`);
  return [
    '# chronoraft: completion for bash. Load it with: source <(chronoraft completion bash)',
    '_chronoraft() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"',
    '  local one="${COMP_WORDS[1]}" two="" words="" files=0',
    '  [ "$COMP_CWORD" -gt 2 ] && two="${COMP_WORDS[2]}"',
    '  if [ "$COMP_CWORD" -le 1 ]; then',
    `    words=${quoted(first.join(' '))}`,
    '  else',
    '    case "$one $two" in',
    ...commands
      .filter(({ name }) => name.includes(' '))
      .map(
        (command) =>
          `    ${quoted(command.name)}) words=${quoted(wordsOf(command).join(' '))}; files=${takesFiles(command) ? 1 : 0} ;;`,
      ),
    '    *) case "$one" in',
    ...cases.filter((_, at) => commands[at]?.name.includes(' ') === false),
    ...groups,
    '    esac ;;',
    '    esac',
    '  fi',
    '  case "$before" in',
    ...unique(values),
    '    *) ;;',
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    // Names of files may hold spaces.
    "  local IFS=$'\\n'",
    '  [ "$files" = 1 ] && COMPREPLY+=($(compgen -f -- "$word"))',
    '  return 0',
    '}',
    'complete -o filenames -F _chronoraft chronoraft',
  ];
}

function fish(commands: readonly Command[]): string[] {
  const first = firstWords(commands);
  return [
    '# chronoraft: completion for fish. Load it with: chronoraft completion fish | source',
    'complete -c chronoraft -f',
    ...first.map((word) => {
      const command = commands.find(({ name }) => name === word);
      const about = command?.summary ?? secondWords(commands, word).join(', ');
      return `complete -c chronoraft -n __fish_use_subcommand -a ${word} -d ${quoted(about)}`;
    }),
    ...commands
      .filter(({ name }) => name.includes(' '))
      .map(({ name, summary }) => {
        const [one = '', two = ''] = name.split(' ');
        const seconds = secondWords(commands, one).join(' ');
        const when = quoted(
          `__fish_seen_subcommand_from ${one}; and not __fish_seen_subcommand_from ${seconds}`,
        );
        return `complete -c chronoraft -n ${when} -a ${two} -d ${quoted(summary)}`;
      }),
    ...commands.flatMap((command) => fishOptions(command)),
    ...GLOBAL_OPTIONS.map((option) => `complete -c chronoraft ${fishOption(option)}`),
  ];
}

function fishOptions(command: Command): string[] {
  const when = quoted(
    command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and '),
  );
  const offers = command.arguments.flatMap(({ offers: offered }) => offered ?? []);
  return [
    ...command.options.map((option) => `complete -c chronoraft -n ${when} ${fishOption(option)}`),
    ...(offers.includes('files') ? [`complete -c chronoraft -n ${when} -F`] : []),
    ...unique(offers.filter((offer) => offer !== 'files')).map(
      (offer) => `complete -c chronoraft -n ${when} -a ${offer}`,
    ),
  ];
}

function fishOption({ name, short, value, choices, about }: Option): string {
  return [
    `-l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(value === undefined ? [] : ['-r']),
    ...(choices === undefined ? [] : [`-a ${quoted(choices.join(' '))}`]),
    `-d ${quoted(about)}`,
  ].join(' ');
}

function wordsOf({ arguments: all, options }: Command): readonly string[] {
  const names = [...options, ...GLOBAL_OPTIONS].map(({ name }) => `--${name}`);
  return unique([...all.flatMap(offeredBy), ...names]);
}

function offeredBy({ offers }: Argument): readonly string[] {
  return offers === undefined || offers === 'files' ? [] : offers;
}

function takesFiles({ arguments: all }: Command): boolean {
  return all.some(({ offers }) => offers === 'files');
}

function firstWords(commands: readonly Command[]): readonly string[] {
  return unique(commands.map(({ name }) => name.split(' ')[0] ?? ''));
}

function secondWords(commands: readonly Command[], first: string): readonly string[] {
  return commands.flatMap(({ name }) => {
    const [one, two] = name.split(' ');
    return one === first && two !== undefined ? [two] : [];
  });
}

function unique(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

/** Within single quotes a shell changes nothing; fish and others end them alike. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
