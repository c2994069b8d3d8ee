/** What happens at failpoints that a test has armed. */
import type { FailpointName } from '../base/failpoint.ts';
import { watchFailpoints } from '../base/failpoint.ts';

export interface Arming {
  readonly name: FailpointName;
  /** Of the times that it is reached from now on, the one at which it acts; 1: the next. */
  readonly nth: number;
  readonly act: 'kill' | 'stop' | 'throw';
}

/** `signal` sends one to this very process. */
export function armFailpoint({ name, nth, act }: Arming, signal: (name: string) => void): void {
  let left = nth;
  watchFailpoints((reached) => {
    if (reached !== name || --left !== 0) return;
    if (act === 'throw') throw new Error(`failpoint ${name}`);
    signal(act === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  });
}
