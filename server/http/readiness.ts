/**
 * Whether a linearizable read is possible, found out by one. The leader is asked itself, in
 * the server's own time, so that the answer comes also while the cluster is paused,
 * and the figures of the cluster count no probes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadyAnswer } from '../../contracts/server.ts';
import type { ClusterViewFold } from '../cluster/cluster-view.ts';
import type { LeaderTracker } from '../cluster/leader-tracker.ts';
import type { Supervisor } from '../cluster/supervisor.ts';

const PROBE_WITHIN_MS = 2000;

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly words: string;
}

export interface Readiness extends ReadyAnswer {
  readonly checks: readonly Check[];
}

export interface ReadinessParts {
  readonly supervisor: Supervisor;
  readonly fold: ClusterViewFold;
  readonly leaders: LeaderTracker;
}

export class ReadinessProbe {
  private readonly parts: ReadinessParts;
  /** At most one a node is under way: while the cluster is paused they would pile up. */
  private readonly underWay = new Map<string, Promise<string>>();

  constructor(parts: ReadinessParts) {
    this.parts = parts;
  }

  async look(): Promise<Readiness> {
    const { supervisor, fold, leaders } = this.parts;
    const { voters, quorum } = fold.members();
    const serving = voters.filter(
      (id) => supervisor.has(id) && supervisor.node(id).isServing,
    ).length;
    const { leader } = leaders;
    const checks: readonly Check[] = [
      {
        name: 'nodes',
        ok: serving >= quorum,
        words: `${serving} of ${voters.length} voters run, ${quorum} are needed`,
      },
      {
        name: 'leader',
        ok: leader !== null,
        words: leader === null ? 'nobody leads' : `${leader} leads`,
      },
      await this.readCheck(leader),
    ];
    const wrong = checks.find(({ ok }) => !ok);
    const status = wrong === undefined ? 'ok' : 'not ready';
    return { status, reason: wrong?.words ?? null, leader, serving, quorum, checks };
  }

  private async readCheck(leader: string | null): Promise<Check> {
    const name = 'read';
    if (leader === null || !this.parts.supervisor.has(leader))
      return { name, ok: false, words: 'there is nobody to ask' };
    const late = new AbortController();
    const outcome = await Promise.race([
      this.read(leader),
      delay(PROBE_WITHIN_MS, 'late', { signal: late.signal }),
    ]);
    late.abort();
    if (outcome === 'answered')
      return { name, ok: true, words: 'a linearizable read was answered' };
    const why = outcome === 'late' ? `within ${PROBE_WITHIN_MS} ms` : `by ${leader}`;
    return { name, ok: false, words: `no linearizable read was answered ${why}` };
  }

  private read(leader: string): Promise<string> {
    const known = this.underWay.get(leader);
    if (known !== undefined) return known;
    const read = new Promise<string>((resolve) => {
      this.parts.supervisor
        .node(leader)
        .read({ type: 'retention' }, 'linearizable', ({ outcome }) => resolve(outcome));
    }).finally(() => this.underWay.delete(leader));
    this.underWay.set(leader, read);
    return read;
  }
}
