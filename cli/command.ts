/** What a command is: one entry of the table from which parsing, help, completion and the guide all come. */
import type { Call } from './call.ts';
import type { ExitCode } from './exit-codes.ts';

export interface Option {
  /** Without its dashes. */
  readonly name: string;
  readonly short?: string;
  /** What stands for its value in help; a flag has none. */
  readonly value?: string;
  readonly about: string;
  /** The values that there are. */
  readonly choices?: readonly string[];
}

export interface Argument {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly about: string;
  /** `many`: one or more; `any`: none or more. These two come last. */
  readonly need: 'one' | 'optional' | 'many' | 'any';
  /** What a shell offers for it. */
  readonly offers?: 'files' | readonly string[];
}

/** A line for a shell, which tests run, in the order of the table. */
export interface Example {
  readonly line: string;
  /** What it does, a clause. */
  readonly about: string;
  /** How it ends; 0 unless said. */
  readonly exit?: ExitCode;
  /** It goes on until it is interrupted. */
  readonly endless?: true;
}

export interface Command {
  /** One word, or two: "node kill". */
  readonly name: string;
  /** A clause without a full stop. */
  readonly summary: string;
  /** Paragraphs. */
  readonly about?: readonly string[];
  readonly arguments: readonly Argument[];
  readonly options: readonly Option[];
  readonly examples: readonly Example[];
  run(call: Call): Promise<ExitCode | undefined>;
}

/** Options that every command takes. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  {
    name: 'url',
    value: 'URL',
    about: 'The server; CHRONORAFT_URL, or else http://127.0.0.1:3000',
  },
  {
    name: 'token',
    value: 'TOKEN',
    about: 'Sent as Authorization: Bearer. CHRONORAFT_TOKEN is better: other users see arguments',
  },
  {
    name: 'timeout',
    value: 'TIME',
    about: 'How long the server may take for an answer: 500ms to 1m; 5s unless said',
  },
  { name: 'json', about: 'One JSON document, or a line of JSON for each thing that happens' },
  { name: 'help', short: 'h', about: 'What the command does, with examples' },
];
