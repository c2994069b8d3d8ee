/** What developers type after `npm run bench` and `npm run torture`, where nothing is started yet. */
import { afterEach, expect, test, vi } from 'vitest';
import { ProgramOptions } from '../../harness/program-options.ts';

const HELP = 'bench scale: all that there is\n';
const OPTIONS = {
  tiny: { type: 'boolean' },
  keys: { type: 'string' },
  out: { type: 'string', default: 'here' },
} as const;

const argv = [...process.argv];

afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Null for the code when the program goes on. */
function typed(args: readonly string[], use: (options: Options) => void = () => {}): Ended {
  process.argv = ['node', 'program', ...args];
  const told = { out: '', err: '' };
  const ended = new Error('the program has ended');
  let code: number | null = null;
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((told.out += text)));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((told.err += text)));
  vi.spyOn(process, 'exit').mockImplementation((given) => {
    code = Number(given);
    throw ended;
  });
  try {
    use(new ProgramOptions('bench scale', HELP, OPTIONS));
  } catch (error) {
    if (error !== ended) throw error;
  }
  return { code, ...told };
}

type Options = ProgramOptions<typeof OPTIONS>;

test('[Q4] what is typed is had, and what is not has its default', () => {
  const seen: unknown[] = [];
  const see = ({ values }: Options): unknown => seen.push(values);
  expect(typed(['scale', '--keys', '7'], see).code).toBeNull();
  expect(typed(['scale', '--tiny', '--out=there'], see).code).toBeNull();
  expect(seen).toEqual([
    { tiny: false, keys: '7', out: 'here' },
    { tiny: true, out: 'there' },
  ]);
});

test('[Q4] help is told, and ends it well', () => {
  expect(typed(['scale', '--keys', '7', '--help'])).toEqual({ code: 0, out: HELP, err: '' });
});

test.each([
  [['scale', '--nonsense'], "Unknown option '--nonsense'"],
  [['scale', '--keys'], "Option '--keys <value>' argument missing"],
  [['scale', '--tiny=yes'], "Option '--tiny' does not take an argument"],
  [['scael'], 'there is no "scael"'],
])('[Q4] %j ends it with 2 and one line', (args, why) => {
  const line = `bench scale: ${why}; --help tells what there is\n`;
  expect(typed(args)).toEqual({ code: 2, out: '', err: line });
});

test.each(['0', '-1', '1.5', 'x', '', '1e99'])('[Q4] "%s" is no count', (text) => {
  const { code, err } = typed([], (options) => options.count('keys', text));
  expect(code).toBe(2);
  expect(err).toContain(`--keys ${text} is not a whole number above 0;`);
});

test.each(['0', '-1', 'x', '', '1e999'])('[Q4] "%s" is no amount', (text) => {
  const { code, err } = typed([], (options) => options.amount('keys', text));
  expect(code).toBe(2);
  expect(err).toContain(`--keys ${text} is not a number above 0;`);
});

test('[Q4] what counts is had as a number', () => {
  typed([], (options) => {
    expect(options.count('keys', '12')).toBe(12);
    expect(options.amount('keys', '0.25')).toBe(0.25);
  });
});
