/**
 * What a guided scenario is: a story told with the living cluster. Every action is a real request,
 * every step waits for the real event and never for a timer, and what it claims is checked with
 * what the nodes answer. Plain data and pure functions: no React, no clock, no socket.
 */
import type { ApiResult } from '../api-failure.ts';
import type { ChronoraftClient } from '../http-client.ts';
import type { ClusterView } from '../../contracts/view.ts';

export interface Lesson {
  /** Stands in the address: `?lesson=split-brain`. */
  readonly id: string;
  readonly title: string;
  readonly teaches: string;
  /** How long it runs when nobody stops to read, seconds. */
  readonly aboutSeconds: number;
  /** Its steps, told anew for each run: what one finds out, those after it remember. */
  readonly tell: (cast: Cast) => readonly Step[];
}

/** Who plays in a story that begins with a leader and two followers. */
export interface Cast {
  readonly leader: string;
  readonly others: readonly [string, string];
  readonly term: number;
  /** Server ms at which the run began. */
  readonly beganAtMs: number;
  /** The same as a time of day: marks the run's values, so that those of an earlier one are not mistaken for them. */
  readonly mark: string;
  readonly electionTimeoutMs: number;
}

/** What a step may judge by. */
export interface Scene {
  readonly view: ClusterView;
  /** Every view heard since the story began, newest last. */
  readonly heard: readonly ClusterView[];
  /** The view when this step began. */
  readonly begun: ClusterView;
  /** Highest revision that the story's own writes were answered with; views may not have heard of it yet. */
  readonly written: number;
}

export interface Step {
  readonly title: string;
  readonly before: string;
  readonly action?: Action;
  /** What the step waits for once its action is done; left out, it waits for nothing. */
  readonly until?: (scene: Scene) => boolean;
  /** What did not come if it waits in vain, and why that may be. */
  readonly missed?: string;
  /** How long it waits, ms, by what the server's clock shows. */
  readonly withinMs?: number;
  /** What happened, with the figures that prove it. */
  readonly after: (scene: Scene) => string;
  /** Where to look: node ids, or titles of the page's panels. */
  readonly focus: (scene: Scene) => readonly string[];
  readonly checks?: (
    scene: Scene,
    client: ChronoraftClient,
  ) => Promise<readonly Check[]> | readonly Check[];
}

export interface Action {
  /** In a word or two, for a button. */
  readonly label: string;
  /** One after the other. */
  readonly calls: (view: ClusterView) => readonly Call[];
}

/** One or more requests, as they will be sent. */
export interface Call {
  readonly what: string;
  /** The same from a shell. */
  readonly curl: string;
  readonly send: (client: ClientWithin) => Promise<Told>;
}

/** The API, asked to answer within so many ms. */
export type ClientWithin = (timeoutMs?: number) => ChronoraftClient;

/** What came of a call. */
export interface Told {
  /** False when the story cannot go on. */
  readonly ok: boolean;
  readonly words: string;
  /** Highest revision at which something of it was committed; left out when nothing was. */
  readonly revision?: number;
}

/** Takes an answer or a refusal; with it, neither ends the story. */
export type Into<T> = (result: ApiResult<T>) => void;

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  /** Terms, indexes and answers that show it. */
  readonly evidence: string;
}
