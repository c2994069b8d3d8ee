/**
 * What is known of one change of members that was asked of leaders. The view of
 * the cluster lags behind the nodes, so it cannot say that a change is missing
 * which a leader has just said to be made: such a one is never asked for again.
 */
import type { Proposed } from '../node/control.ts';

export interface ChangeFailure {
  readonly ok: false;
  /** CHANGE_REFUSED and NO_LEADER: nothing was changed by the last step. OUTCOME_UNKNOWN: it may have been, or may yet be. */
  readonly code: 'CHANGE_REFUSED' | 'NO_LEADER' | 'NODE_DOWN' | 'OUTCOME_UNKNOWN';
  readonly message: string;
}

export class AskedChange {
  /** `made`: committed, which no later leader takes back. `unknown`: a leader may have taken it. */
  private fate: 'open' | 'unknown' | 'made' = 'open';
  private wasEverUnknown = false;
  private reached: ChangeFailure = {
    ok: false,
    code: 'NO_LEADER',
    message: 'no leader was found in time; nothing was changed',
  };

  /** What to say when there is no more time. */
  get failure(): ChangeFailure {
    return this.reached;
  }

  /** `isSettledWithout`: does a leader's committed configuration, as far as is seen, lack the change? */
  mayAskAgain(isSettledWithout: () => boolean): boolean {
    if (this.fate === 'unknown' && isSettledWithout()) this.fate = 'open';
    return this.fate === 'open';
  }

  /** Takes a leader's answer; `refused` when there is no point in going on. */
  hear(proposed: Proposed): 'go-on' | 'refused' {
    if (proposed.outcome !== 'dropped') {
      this.fate = proposed.outcome === 'applied' ? 'made' : 'unknown';
      this.wasEverUnknown = true;
      this.reached = {
        ok: false,
        code: 'OUTCOME_UNKNOWN',
        message: 'the change was begun and not seen to end in time; look at the configuration',
      };
      return 'go-on';
    }
    const { reason, detail } = proposed;
    if (reason === 'not-leader' || reason === 'halted') return 'go-on';
    // The view lags: what is refused after an answer that was lost may be in the way of itself.
    if (this.wasEverUnknown) return 'go-on';
    this.reached = refused(detail ?? REASONS[reason]);
    return reason === 'bad-change' ? 'refused' : 'go-on';
  }
}

const REASONS = {
  overloaded: 'the leader has too much to commit',
  transferring: 'leadership is being handed over',
  'change-pending': 'another change is not committed yet',
  'not-caught-up': 'the node lacks too much of the log',
  'bad-change': 'it does not fit',
};

export function refused(message: string): ChangeFailure {
  return { ok: false, code: 'CHANGE_REFUSED', message };
}
