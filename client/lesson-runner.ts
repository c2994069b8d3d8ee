/**
 * Plays a lesson on a cluster: sends what its steps do, waits for what they wait for, checks what
 * they claim, and mends at the end whatever they broke. All it needs of the world comes through
 * ports, so the same code runs in the page, in Node and in tests.
 */
import { newRun, reduceRun } from './lesson-run.ts';
import type { LessonRun, RunEvent } from './lesson-run.ts';
import { PATIENT_MS } from './lessons/calls.ts';
import { leaderOf } from './lessons/evidence.ts';
import type { Cast, ClientWithin, Lesson, Scene, Step } from './lessons/lesson.ts';
import { askToMend, brokenIn, isWell, whyUnfit } from './lessons/mend.ts';
import type { ClusterView } from '../contracts/view.ts';

export interface LessonPorts {
  readonly client: ClientWithin;
  /** The cluster as it was last heard of. */
  view(): ClusterView;
  /** Calls `hear` with each new view; what is returned ends that. */
  listen(hear: (view: ClusterView) => void): () => void;
  /** Calls `run` after so long; what is returned prevents it. */
  after(ms: number, run: () => void): () => void;
}

/** Time for a reader between the steps of a lesson that plays by itself, ms. */
export interface Pace {
  readonly readMs: number;
}

/** Longest wait for an event when a step does not say, ms. */
const WITHIN_MS = 30_000;
const MEND_WITHIN_MS = 30_000;
/** A story of a few minutes at twenty views a second; beyond that the oldest are forgotten. */
const MAX_HEARD = 6000;

export class LessonRunner {
  private readonly lesson: Lesson;
  private readonly ports: LessonPorts;
  private readonly pace: Pace;
  private readonly steps: readonly Step[];
  private readonly onChange: (run: LessonRun) => void;
  private readonly beganAtMs: number;
  private run: LessonRun;
  private heard: ClusterView[] = [];
  private begun: ClusterView;
  private written = 0;
  /** Woken by each view, and by what the reader does. */
  private readonly woken = new Set<() => void>();
  private readonly stopListening: () => void;
  private leaving = false;
  private pressed = false;
  private readonly played: Promise<LessonRun>;

  /** Throws when the cluster is not fit: see {@link whyUnfit}. */
  constructor(
    lesson: Lesson,
    ports: LessonPorts,
    onChange: (run: LessonRun) => void = () => {},
    pace: Pace = { readMs: 0 },
  ) {
    const view = ports.view();
    this.lesson = lesson;
    this.ports = ports;
    this.pace = pace;
    this.onChange = onChange;
    this.begun = view;
    this.beganAtMs = view.atMs;
    this.steps = lesson.tell(castOf(view));
    this.run = newRun(lesson, this.steps);
    this.hear(view);
    this.stopListening = ports.listen((next) => this.hear(next));
    this.played = this.play();
  }

  get state(): LessonRun {
    return this.run;
  }

  /** Resolves when it is over and mended. */
  get over(): Promise<LessonRun> {
    return this.played;
  }

  // --- what the reader does ---------------------------------------------------------

  /** Does what the step that is played offers to do. */
  act(): void {
    if (this.step().phase !== 'ready') return;
    this.pressed = true;
    this.wake();
  }

  /** Shows the step after the one shown; plays it if it was not played. */
  next(): void {
    if (this.run.shown < this.run.at) {
      this.apply({ type: 'show', step: this.run.shown + 1 });
      return;
    }
    if (this.step().phase !== 'done') return;
    this.pressed = true;
    this.wake();
  }

  /** Shows the step before the one shown, as it went; nothing is done again. */
  previous(): void {
    this.apply({ type: 'show', step: this.run.shown - 1 });
  }

  playByItself(on: boolean): void {
    this.apply({ type: 'auto', on });
    this.wake();
  }

  /** Ends the story where it stands; resolves when what it broke is mended, as far as it can be. */
  leave(): Promise<LessonRun> {
    this.leaving = true;
    this.wake();
    return this.played;
  }

  // --- the play -----------------------------------------------------------------------

  private async play(): Promise<LessonRun> {
    const goesOn = await this.playSteps();
    if (goesOn) await this.readOn();
    this.apply({ type: 'mending' });
    const broken = await mend(this.ports);
    this.stopListening();
    const tookMs = this.ports.view().atMs - this.beganAtMs;
    this.apply({ type: 'over', broken, tookMs });
    return this.run;
  }

  /** False when it was left or failed on the way. */
  private async playSteps(): Promise<boolean> {
    for (const [i, step] of this.steps.entries()) {
      if (i > 0) {
        await this.readOn();
        if (this.leaving) return false;
        this.apply({ type: 'next' });
      }
      if (!(await this.playStep(step))) return false;
    }
    return !this.leaving;
  }

  private async playStep(step: Step): Promise<boolean> {
    this.begun = this.ports.view();
    this.apply({ type: 'ready', focus: step.focus(this.scene()) });
    if (step.action !== undefined) {
      await this.pressOrAuto();
      if (this.leaving) return false;
    }
    const problem = (await this.send(step)) ?? (await this.waitFor(step));
    if (this.leaving) return false;
    if (problem !== null) {
      this.apply({ type: 'failed', problem });
      return false;
    }
    const scene = this.scene();
    this.apply({ type: 'happened', after: step.after(scene), focus: step.focus(scene) });
    const checks = (await step.checks?.(scene, this.ports.client())) ?? [];
    this.apply({ type: 'checked', checks });
    return true;
  }

  /** Why the story cannot go on; null when it can. */
  private async send({ action }: Step): Promise<string | null> {
    if (action === undefined) return null;
    this.begun = this.ports.view();
    const calls = action.calls(this.begun);
    this.apply({ type: 'act', calls: calls.map(({ what, curl }) => ({ what, curl })) });
    for (const [call, { what, send }] of calls.entries()) {
      const told = await send(this.ports.client);
      this.written = Math.max(this.written, told.revision ?? 0);
      this.apply({ type: 'answered', call, words: told.words });
      if (!told.ok) return `${what}: ${told.words}`;
      if (this.leaving) return null;
    }
    return null;
  }

  /** What did not come in time; null when it came. */
  private async waitFor(step: Step): Promise<string | null> {
    const { until, missed, withinMs = WITHIN_MS } = step;
    if (until === undefined) return null;
    this.apply({ type: 'wait' });
    const came = await this.until(() => this.leaving || until(this.scene()), withinMs);
    if (came) return null;
    const broken = brokenIn(this.ports.view());
    const now = broken.length === 0 ? 'nothing is broken' : broken.join(', ');
    return `After ${withinMs / 1000} s it had not happened. ${missed ?? ''} Now: ${now}.`;
  }

  /** Until the action is pressed, by the reader or by itself. */
  private async pressOrAuto(): Promise<void> {
    await this.until(() => this.leaving || this.pressed || this.run.auto);
    this.pressed = false;
  }

  /** Until the reader wants the next step, or has had the time to read this one. */
  private async readOn(): Promise<void> {
    let isRead = false;
    const cancel = this.ports.after(this.pace.readMs, () => {
      isRead = true;
      this.wake();
    });
    await this.until(() => this.leaving || this.pressed || (this.run.auto && isRead));
    cancel();
    this.pressed = false;
  }

  /** Resolves when it is so: true; or, where there is a limit, when it was not within it: false. */
  private until(isSo: () => boolean, withinMs?: number): Promise<boolean> {
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const end = (came: boolean): void => {
        this.woken.delete(look);
        cancel();
        resolve(came);
      };
      const look = (): void => {
        if (isSo()) end(true);
      };
      this.woken.add(look);
      if (withinMs !== undefined) cancel = this.ports.after(withinMs, () => end(false));
      look();
    });
  }

  private step(): LessonRun['steps'][number] {
    const step = this.run.steps[this.run.at];
    if (step === undefined) throw new Error(`lesson ${this.lesson.id} has no step ${this.run.at}`);
    return step;
  }

  private scene(): Scene {
    const { heard, begun, written } = this;
    return { view: heard.at(-1) ?? begun, heard, begun, written };
  }

  private hear(view: ClusterView): void {
    this.heard.push(view);
    if (this.heard.length > MAX_HEARD) this.heard.shift();
    this.wake();
  }

  private wake(): void {
    for (const look of this.woken) look();
  }

  private apply(event: RunEvent): void {
    this.run = reduceRun(this.run, event);
    this.onChange(this.run);
  }
}

/** Mends all that is broken and waits until the cluster is well; resolves with what is not, in words. */
export async function mend(ports: LessonPorts): Promise<readonly string[]> {
  const client = ports.client(PATIENT_MS);
  // What is heard may be a little older than what was just done.
  const before = await client.cluster();
  if (!before.ok) return [before.failure.message];
  const asked = await askToMend(client, before.value);
  const after = await client.cluster();
  const isMended = after.ok && (await becomesWell(ports, after.value));
  if (isMended) return [];
  const broken = brokenIn(ports.view());
  if (broken.length > 0) return broken;
  return [asked.ok ? 'the nodes do not agree yet' : asked.failure.message];
}

/** As it is heard, since whoever begins the next lesson goes by that. */
function becomesWell(ports: LessonPorts, since: ClusterView): Promise<boolean> {
  const isSo = (view: ClusterView): boolean => view.atMs >= since.atMs && isWell(view);
  if (isSo(ports.view())) return Promise.resolve(true);
  return new Promise((resolve) => {
    const end = (well: boolean): void => {
      cancel();
      stop();
      resolve(well);
    };
    const cancel = ports.after(MEND_WITHIN_MS, () => end(false));
    const stop = ports.listen((view) => {
      if (isSo(view)) end(true);
    });
  });
}

function castOf(view: ClusterView): Cast {
  const unfit = whyUnfit(view);
  if (unfit !== null) throw new Error(unfit);
  const leader = leaderOf(view);
  const [first, second] = view.voters.filter((id) => id !== leader);
  if (leader === null || first === undefined || second === undefined)
    throw new Error('a healthy cluster of three has a leader and two others');
  return {
    leader,
    others: [first, second],
    term: view.nodes.find(({ id }) => id === leader)?.term ?? 0,
    beganAtMs: view.atMs,
    mark: new Date(view.atMs).toISOString().slice(11, 23),
    electionTimeoutMs: view.electionTimeoutMs,
  };
}
