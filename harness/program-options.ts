/** What is typed after a program for developers: told by `--help`, and refused in one line. */
import { parseArgs } from 'node:util';

type Options = Readonly<
  Record<string, { readonly type: 'string' | 'boolean'; readonly default?: string | boolean }>
>;

type ValueOf<O extends Options[string]> = O['type'] extends 'boolean' ? boolean : string;

/** A switch that is not given is false, and a text without a default is undefined. */
export type OptionValues<O extends Options> = {
  readonly [name in keyof O]: O[name] extends { readonly default: string | boolean }
    ? ValueOf<O[name]>
    : O[name]['type'] extends 'boolean'
      ? boolean
      : string | undefined;
};

export class ProgramOptions<O extends Options> {
  readonly values: OptionValues<O>;
  private readonly program: string;

  /** Ends the program after the help, if that is asked for; with code 2 where something unknown is typed. The words of its name may be among it. */
  constructor(program: string, help: string, options: O) {
    this.program = program;
    const { values: given, positionals } = this.parse({ ...options, help: { type: 'boolean' } });
    const [unknown] = positionals.filter((word) => !program.split(' ').includes(word));
    if (unknown !== undefined) this.refuse(`there is no "${unknown}"`);
    if (given['help'] === true) {
      process.stdout.write(help);
      process.exit(0);
    }
    const switches = Object.entries(options).filter(([, { type }]) => type === 'boolean');
    const off = Object.fromEntries(switches.map(([name]) => [name, false]));
    this.values = { ...off, ...given } as OptionValues<O>;
  }

  /** Ends the program unless it is a whole number from 1 to the greatest that is exact. */
  count(name: keyof O & string, text: string): number {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number > 0) return number;
    return this.refuse(`--${name} ${text} is not a whole number above 0`);
  }

  /** Ends the program unless it is a number above 0. */
  amount(name: keyof O & string, text: string): number {
    const number = Number(text);
    if (Number.isFinite(number) && number > 0) return number;
    return this.refuse(`--${name} ${text} is not a number above 0`);
  }

  private parse(options: Options) {
    try {
      return parseArgs({ allowPositionals: true, options });
    } catch (error) {
      const [first = ''] = String(error instanceof Error ? error.message : error).split('. ', 1);
      return this.refuse(first);
    }
  }

  refuse(why: string): never {
    process.stderr.write(`${this.program}: ${why}; --help tells what there is\n`);
    process.exit(2);
  }
}
