/** `chaos`: break the living cluster on a schedule, and judge what its clients were told. */
import { ChaosClient } from '../../client/chaos-client.ts';
import { isOver, phaseWord, seconds, sentenceOf } from '../../client/chaos-words.ts';
import { CHAOS_LIMITS, chaosFaults } from '../../contracts/chaos.ts';
import type { ChaosBody, ChaosFault, ChaosRun, Intensity } from '../../contracts/chaos.ts';
import { interrupted } from '../call.ts';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { CliError, usageError } from '../failure.ts';
import { inert, jsonText } from '../text.ts';

/** Between looks at a run that goes on, ms. */
const LOOK_EVERY_MS = 500;
const INTENSITIES = ['low', 'medium', 'high'] as const satisfies readonly Intensity[];

const startRun: Command = {
  name: 'chaos start',
  summary: 'Break the cluster while clients work, follow it, and end with the verdict',
  about: [
    'The exit code is 0 when every answer can be explained (linearizable), 1 when one cannot, 5 when the judge could not tell. Ctrl-C stops the run and heals the cluster.',
    'With --json, a line for each fault as it begins and ends, then the run as a whole.',
  ],
  arguments: [],
  options: [
    { name: 'seed', value: 'N', about: 'The same seed on the same voters gives the same faults' },
    { name: 'for', value: 'TIME', about: 'How long clients work: 5s to 10m; 60s unless said' },
    {
      name: 'intensity',
      value: 'HOW',
      about: 'low, medium or high',
      choices: INTENSITIES,
    },
    { name: 'faults', value: 'LIST', about: `Of these, with commas: ${chaosFaults.join(',')}` },
    { name: 'clients', value: 'N', about: 'How many work at once; 8 unless said' },
    { name: 'keys', value: 'N', about: 'On how many keys; 12 unless said' },
    { name: 'lose-quorum', about: 'Faults may cost the quorum' },
    { name: 'delete-keys', about: 'Delete at the end what clients wrote' },
    { name: 'detach', about: 'Do not follow it' },
  ],
  examples: [
    {
      line: 'chronoraft chaos start --for 5s --seed 7 --intensity low --clients 2 --keys 4 --faults pause,isolate,transfer',
      about: 'five seconds of three kinds of faults',
    },
  ],
  async run(call) {
    const run = await call.ask(chaosOf(call).start(settingsOf(call)));
    if (!call.flag('detach')) return followed(call, run);
    await call.answer(run, [`run ${run.id} has begun, seed ${run.settings.seed}`]);
    return undefined;
  },
};

function settingsOf(call: Call): ChaosBody {
  const durationMs = call.span('for');
  const seed = call.whole('seed', 0, CHAOS_LIMITS.seed);
  const clients = call.whole('clients', 1, CHAOS_LIMITS.clients);
  const keys = call.whole('keys', 1, CHAOS_LIMITS.keys);
  const faults = call.text('faults');
  const intensity = INTENSITIES.find((each) => each === call.text('intensity'));
  return {
    ...(seed !== undefined && { seed }),
    ...(durationMs !== undefined && { durationMs }),
    ...(intensity !== undefined && { intensity }),
    ...(clients !== undefined && { clients }),
    ...(keys !== undefined && { keys }),
    ...(faults !== undefined && { faults: faultsIn(faults) }),
    keepQuorum: !call.flag('lose-quorum'),
    deleteKeys: call.flag('delete-keys'),
  };
}

function faultsIn(text: string): ChaosFault[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
    .map((word) => {
      const fault = chaosFaults.find((each) => each === word);
      if (fault !== undefined) return fault;
      throw usageError(`there is no fault "${word}"`, `there are ${chaosFaults.join(', ')}`);
    });
}

async function followed(call: Call, begun: ChaosRun): Promise<ExitCode> {
  const chaos = chaosOf(call);
  await call.note(`run ${begun.id}, seed ${begun.settings.seed}`);
  const told = new Map<number, string>();
  let run = begun;
  for (;;) {
    await tellStrikes(call, run, told);
    if (isOver(run.state)) break;
    await pauseFor(LOOK_EVERY_MS, call.io.interrupted);
    if (call.io.interrupted.aborted) throw await stopped(call, run.id);
    const found = await chaos.find(run.id);
    if (call.io.interrupted.aborted) throw await stopped(call, run.id);
    run = call.connection.unwrap(found);
  }
  await call.answer(run, [sentenceOf(run)]);
  return exitOf(run);
}

async function tellStrikes(call: Call, run: ChaosRun, told: Map<number, string>): Promise<void> {
  for (const strike of run.schedule) {
    const { number, state, words, note, beganMs, endedMs } = strike;
    if (state === 'planned' || told.get(number) === state) continue;
    told.set(number, state);
    if (call.json) {
      await call.print([jsonText({ strike })]);
      continue;
    }
    const atMs = (state === 'striking' ? beganMs : endedMs) ?? beganMs ?? strike.atMs;
    const why = note === null ? '' : `: ${inert(note)}`;
    await call.print([
      `${seconds(atMs).padStart(8)}  ${STRIKE_WORDS[state]} ${inert(words)}${why}`,
    ]);
  }
}

const STRIKE_WORDS = { striking: 'begins ', over: 'over   ', skipped: 'skipped' } as const;

/** The line of this program ends with Ctrl-C, so the run is stopped on one of its own. */
async function stopped(call: Call, id: string): Promise<Error> {
  const { url, headers } = call.connection;
  await fetch(`${url}/api/v1/chaos/${encodeURIComponent(id)}/stop`, {
    method: 'POST',
    headers,
    signal: AbortSignal.timeout(call.timeoutMs),
  }).catch(() => null);
  return interrupted();
}

export function exitOf({ state, verdict }: Pick<ChaosRun, 'state' | 'verdict'>): ExitCode {
  if (verdict === 'linearizable') return EXIT.ok;
  return verdict === 'unknown' || (verdict === null && state === 'interrupted')
    ? EXIT.unknown
    : EXIT.failed;
}

const list: Command = {
  name: 'chaos list',
  summary: 'The runs that are kept, newest first',
  arguments: [],
  options: [],
  examples: [{ line: 'chronoraft chaos list', about: 'with their verdicts' }],
  async run(call) {
    const { runs } = await call.ask(chaosOf(call).list());
    await call.answer(
      { runs },
      runs.map(
        (run) =>
          `${run.id}\t${new Date(run.startedAtMs).toISOString()}\tseed ${run.settings.seed}\t${phaseWord(run)}`,
      ),
    );
    return undefined;
  },
};

const ID = { name: 'RUN', need: 'optional', about: 'Its id; the newest unless said' } as const;

const show: Command = {
  name: 'chaos show',
  summary: 'A run, its checks and its verdict',
  arguments: [ID],
  options: [{ name: 'follow', about: 'Until it is over' }],
  examples: [
    { line: 'chronoraft chaos show', about: 'the newest; the exit code is its verdict’s' },
  ],
  async run(call) {
    const run = await call.ask(chaosOf(call).find(await idOf(call)));
    if (call.flag('follow')) return followed(call, run);
    await call.answer(run, [
      sentenceOf(run),
      ...run.checks.map(({ check, status, words }) => `${status}\t${check}\t${inert(words)}`),
    ]);
    return isOver(run.state) ? exitOf(run) : EXIT.ok;
  },
};

const stop: Command = {
  name: 'chaos stop',
  summary: 'End a run early; the cluster is healed, and what there is is judged',
  arguments: [ID],
  options: [],
  examples: [
    { line: 'chronoraft chaos start --detach --for 1m --clients 1 --keys 1', about: 'a run' },
    { line: 'chronoraft chaos stop', about: 'and its end' },
    { line: 'chronoraft chaos show --follow', about: 'what came of it' },
  ],
  async run(call) {
    const run = await call.ask(chaosOf(call).stop(await idOf(call)));
    await call.answer(run, [`run ${run.id} stops`]);
    return undefined;
  },
};

async function idOf(call: Call): Promise<string> {
  const id = call.optional('RUN');
  if (id !== undefined) return id;
  const { runs } = await call.ask(chaosOf(call).list());
  const [newest] = runs;
  if (newest !== undefined) return newest.id;
  const todo = 'begin one with `chronoraft chaos start`';
  throw new CliError(EXIT.notFound, 'NOT_FOUND', 'there is no run yet', todo);
}

function chaosOf(call: Call): ChaosClient {
  return new ChaosClient(call.client);
}

/** Shorter when it is interrupted. */
function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

export const CHAOS: readonly Command[] = [startRun, list, show, stop];
