/**
 * In what nodes run: threads of this process, or processes of their own. Both can be
 * ended, stopped for a while and joined by lines; the difference is how honest the end is.
 */
import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import type { FromNode, NodeOptions, ToNode } from '../node/control.ts';

/** One end of a line between two nodes, on its way to one of them. */
export type LineEnd = MessagePort | Socket;

export interface RunEvents {
  onMessage(message: FromNode): void;
  /** Once, after all that it said. `how` it ended, for a person: "its thread ended by itself (code 1)". */
  onGone(how: string): void;
}

/** A node that runs. After its end every call is without effect. */
export interface NodeRun {
  post(message: Exclude<ToNode, { type: 'connect' }>): void;
  connect(peer: string, end: LineEnd): void;
  /** It runs nothing until {@link resume}. */
  pause(): void;
  resume(): void;
  readonly isPaused: boolean;
  /** Of the process that it runs in; 0 if none could be started. */
  readonly pid: number;
  /** Ends it without a word to it; `onGone` tells when. */
  terminate(): void;
}

export interface NodeRuntime {
  run(options: NodeOptions, events: RunEvents): NodeRun;
  /** A fresh line; lines are handed over in the order in which they were asked for. */
  layLine(take: (one: LineEnd, other: LineEnd) => void): void;
}

/** A busy node makes much that is soon forgotten: more room for it means fewer collections, each no longer. */
export const YOUNG_GENERATION_MB = 64;
/** Room for some 20 million versions, whatever the machine has: left to itself, V8 takes a share of its memory. */
export const OLD_GENERATION_MB = 4096;
