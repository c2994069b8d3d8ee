/** What the pages of chaos runs say: faults by name, what is to come, and what came of it. */
import { chaosFaults } from '../contracts/chaos.ts';
import type {
  ChaosFault,
  ChaosInvariant,
  ChaosRun,
  ChaosSettings,
  ChaosSummary,
  ChaosVerdict,
} from '../contracts/chaos.ts';

interface FaultWords {
  readonly name: string;
  /** What it does to whom, a sentence. */
  readonly what: string;
}

export const FAULT_WORDS: Record<ChaosFault, FaultWords> = {
  crash: { name: 'Crash', what: 'A node dies, and starts from its disk.' },
  pause: { name: 'Pause', what: 'A node stands still and does not notice.' },
  isolate: { name: 'Isolate', what: 'A node is cut off from all others, both ways.' },
  split: { name: 'Split', what: 'Two parts do not hear each other.' },
  oneWay: { name: 'One-way cut', what: 'One node is not heard by another, yet hears it.' },
  slow: { name: 'Delay', what: 'All that a node says and hears comes late.' },
  loss: { name: 'Loss', what: 'Some of all messages are lost.' },
  duplicate: { name: 'Duplicates', what: 'Some of all messages come twice.' },
  reorder: { name: 'Reordering', what: 'Some of all messages are overtaken by the next.' },
  slowDisk: { name: 'Slow disk', what: 'All that a node has to make durable takes longer.' },
  clock: { name: 'Clock', what: 'A clock jumps, or counts up to 10 % wrong.' },
  transfer: { name: 'Hand-over', what: 'The leader hands over while it is busy.' },
  compact: { name: 'Compaction', what: 'A node saves a snapshot and shortens its log.' },
};

export interface Preset {
  readonly name: string;
  readonly set: Pick<ChaosSettings, 'faults' | 'intensity'>;
}

export const PRESETS: readonly Preset[] = [
  { name: 'Calm', set: { faults: [], intensity: 'low' } },
  {
    name: 'Crashes',
    set: { faults: ['crash', 'pause', 'transfer', 'compact'], intensity: 'medium' },
  },
  {
    name: 'Bad network',
    set: {
      faults: ['isolate', 'split', 'oneWay', 'slow', 'loss', 'duplicate', 'reorder'],
      intensity: 'medium',
    },
  },
  { name: 'Everything', set: { faults: [...chaosFaults], intensity: 'high' } },
];

export const INTENSITY_WORDS: Record<ChaosSettings['intensity'], string> = {
  low: 'One fault at a time, every few seconds',
  medium: 'Up to two faults at once',
  high: 'Up to three faults at once, without rest',
};

/** What is going to happen, in sentences. `strikes`: how many faults the schedule has. */
export function forecast(settings: ChaosSettings, strikes: number, voters: number): string {
  const { clients, keys, durationMs, faults, keepQuorum } = settings;
  const load = `For ${spanOf(durationMs)} ${count(clients, 'client')} ${clients === 1 ? 'writes and reads' : 'write and read'} ${count(keys, 'key')}`;
  if (strikes === 0) {
    const why =
      faults.length === 0 ? 'nothing strikes' : `nothing of this can strike ${voters} voters`;
    return `${load}; ${why}. Every write should be acknowledged.`;
  }
  const told = `${load} while ${count(strikes, 'fault')} ${strikes === 1 ? 'strikes' : 'strike'}.`;
  return keepQuorum
    ? `${told} A quorum stays: writes pause while a leader is elected, and go on.`
    : `${told} The quorum may be lost: then nothing can be written until it is back, and writes are told as failed or unknown.`;
}

export type Phase = 'running' | ChaosVerdict | 'none';

/** What a mark of the run shows. */
export function phaseOf({ state, verdict }: ChaosSummary): Phase {
  if (verdict !== null) return verdict;
  return isOver(state) ? 'none' : 'running';
}

export function isOver(state: ChaosSummary['state']): boolean {
  return state === 'done' || state === 'broken' || state === 'interrupted';
}

/** One word for a list. */
export function phaseWord(run: ChaosSummary): string {
  switch (run.state) {
    case 'running':
      return 'Running';
    case 'healing':
      return 'Healing';
    case 'judging':
      return 'Judging';
    case 'interrupted':
      return 'Interrupted';
    case 'broken':
      return 'Broken off';
    case 'done':
      return run.verdict === null ? 'Done' : VERDICT_WORDS[run.verdict];
  }
}

export const VERDICT_WORDS: Record<ChaosVerdict, string> = {
  linearizable: 'Linearizable',
  violation: 'Violation',
  unknown: 'Unknown',
};

/** The run in one sentence. */
export function sentenceOf(run: ChaosRun): string {
  const { counts, strikes, settings, longestPauseMs, checks } = run;
  const struck = strikes === 0 ? 'while nothing struck' : `while ${count(strikes, 'fault')} struck`;
  const size = `${number(counts.operations)} operations on ${count(settings.keys, 'key')}`;
  const [firstBad] = checks.filter(({ status }) => status === 'fail');
  const [firstOpen] = checks.filter(({ status }) => status === 'unknown');
  switch (run.state) {
    case 'running': {
      const leftMs = Math.max(0, settings.durationMs - run.ranMs);
      return `Running: ${Math.ceil(leftMs / 1000)} s left, ${number(counts.operations)} operations so far`;
    }
    case 'healing':
      return 'Healing: what the run broke is mended, and the nodes catch up';
    case 'judging':
      return `Judging ${size}: ${run.keys.length} of ${settings.keys} keys done`;
    case 'interrupted':
      return 'Interrupted: the server stopped in the middle, and the cluster was left as by a crash';
    case 'broken':
      return `Broken off: ${run.reason ?? 'the run could not go on'}`;
    case 'done':
      if (run.verdict === 'violation')
        return `Violation: ${firstBad?.words ?? 'an answer has no explanation.'}`;
      if (run.verdict === 'unknown') return `Unknown: ${firstOpen?.words ?? 'the judge gave up.'}`;
      return `Linearizable: ${size}, none lost, ${struck}; longest pause ${seconds(longestPauseMs)}; ${heldPhrase(run)}`;
  }
}

/** "all 6 invariants held"; what was never compared is not said to have held. */
function heldPhrase({ invariants }: ChaosRun): string {
  const held = invariants.filter(({ status }) => status === 'held').length;
  return held === invariants.length
    ? `all ${held} invariants held`
    : `${held} of ${invariants.length} invariants held, the others could not be checked`;
}

export const INVARIANT_STATUS: Record<
  ChaosInvariant['status'],
  { readonly word: string; readonly phase: Phase }
> = {
  held: { word: 'Held', phase: 'linearizable' },
  violated: { word: 'Violated', phase: 'violation' },
  unchecked: { word: 'Unchecked', phase: 'unknown' },
};

/** To a tenth of a second. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function spanOf(ms: number): string {
  return ms % 60_000 === 0 ? count(ms / 60_000, 'minute') : `${ms / 1000} s`;
}

export function number(value: number): string {
  return value.toLocaleString('en');
}

export function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`;
}
