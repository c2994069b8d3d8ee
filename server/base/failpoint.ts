/**
 * Places at which a node of a test build can be made to die, to err or to stop, one for each
 * step on the way of a write and of a snapshot. In a build for use there is nothing to be
 * armed: FAILPOINTS is false there, put in by `scripts/build-server.mjs`.
 */
declare const FAILPOINTS: boolean;

/** What a transaction is for. */
export type WriteOf = 'vote' | 'log' | 'compact' | 'install' | 'save' | 'stage' | 'pack';
/** Before it begins, after each of its statements, before its COMMIT and after it. */
export type StepOfWrite = 'begin' | 'statement' | 'commit' | 'committed';

export type FailpointName =
  | `${WriteOf}:${StepOfWrite}`
  /** Messages that promise nothing leave. */
  | 'send'
  /** A log write is durable; what it makes true has not been said. */
  | 'persisted'
  /** A committed entry is there to be applied. */
  | 'apply'
  /** It is applied in memory, and nobody is answered. */
  | 'applied'
  /** A piece of the state is read for a follower. */
  | 'snapshot:read'
  /** All of a snapshot is durable, and not yet in memory. */
  | 'snapshot:load';

/** Tests without a build have them too. */
const IN_THIS_BUILD = typeof FAILPOINTS === 'undefined' || FAILPOINTS;

let onReached: ((name: FailpointName) => void) | null = null;

export function failpoint(name: FailpointName): void {
  if (IN_THIS_BUILD) onReached?.(name);
}

/** From now on `reached` is called at each; it may throw. Without effect in a build for use. */
export function watchFailpoints(reached: (name: FailpointName) => void): void {
  onReached = reached;
}
