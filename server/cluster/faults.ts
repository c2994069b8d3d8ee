/**
 * Breaks and mends the world by command: the one place that turns a fault of
 * the contract into what the supervisor does, for a person's request and for a
 * program alike. A command is checked whole before anything is done, so one
 * that is refused has changed nothing.
 */
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { unreachable } from '../base/assert.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { Fault, LastingFault, LinkChange } from '../../contracts/faults.ts';
import { OPEN_LINK, SOUND_WORLD } from '../node/control.ts';
import type { LinkRule, NodeWorld } from '../node/control.ts';
import type { Supervisor } from './supervisor.ts';

export interface FaultRefusal {
  readonly code: Extract<ErrorCode, 'BAD_REQUEST' | 'NODE_UNKNOWN' | 'CONFLICT' | 'NODE_DOWN'>;
  readonly message: string;
  /** Where in the command. */
  readonly path?: string;
}

/** Done, or refused with nothing done. */
export type FaultOutcome = Result<null, FaultRefusal>;

export class Faults {
  private readonly supervisor: Supervisor;

  constructor(supervisor: Supervisor) {
    this.supervisor = supervisor;
  }

  /** Throws NodeGone when the node is removed meanwhile. */
  async apply(fault: Fault): Promise<FaultOutcome> {
    const refusal = this.check(fault);
    if (refusal !== null) return err(refusal);
    const { supervisor } = this;
    switch (fault.type) {
      case 'link':
        this.setLinks(directionsOf(fault), fault.change);
        return this.inForce();
      case 'partition':
        this.setLinks(directionsBetween(fault.groups), { cut: true });
        return this.inForce();
      case 'kill':
        return (await supervisor.kill(fault.node)) ? DONE : notRunning(fault.node);
      case 'pause':
        return supervisor.pause(fault.node, fault.forMs) ? DONE : notRunning(fault.node);
      case 'disk': {
        const { delayMs: diskDelayMs, full: diskFull } = fault;
        supervisor.setWorld(fault.node, { ...supervisor.world(fault.node), diskDelayMs, diskFull });
        return this.inForce();
      }
      case 'clock': {
        const { offsetMs: clockOffsetMs, drift: clockDrift } = fault;
        const world = supervisor.world(fault.node);
        supervisor.setWorld(fault.node, { ...world, clockOffsetMs, clockDrift });
        return this.inForce();
      }
      case 'wipe':
        return (await supervisor.wipe(fault.node))
          ? DONE
          : conflict(`node ${fault.node} is running; a disk is wiped while its node is down`);
      default:
        return unreachable(fault);
    }
  }

  /** Mends what the fault broke, of whatever force it is by now; what another fault broke stays. Throws NodeGone. */
  async takeAway(fault: LastingFault): Promise<FaultOutcome> {
    const refusal = this.check(fault);
    if (refusal !== null) return err(refusal);
    const { supervisor } = this;
    switch (fault.type) {
      case 'link':
        this.setLinks(directionsOf(fault), undone(fault.change));
        return this.inForce();
      case 'partition':
        this.setLinks(directionsBetween(fault.groups), { cut: false });
        return this.inForce();
      case 'kill':
        if (!(await supervisor.revive(fault.node)))
          return conflict(`node ${fault.node} is running`);
        return supervisor.node(fault.node).state === 'serving'
          ? DONE
          : err({ code: 'NODE_DOWN', message: `node ${fault.node} did not come up` });
      case 'pause':
        return supervisor.resume(fault.node) ? DONE : conflict(`node ${fault.node} is not paused`);
      case 'disk':
        return this.apply({ ...fault, delayMs: 0, full: false });
      case 'clock':
        return this.apply({ ...fault, offsetMs: 0, drift: 0 });
      default:
        return unreachable(fault);
    }
  }

  /**
   * Makes links whole, ends pauses, and puts disks and clocks right. Nodes that are down stay down.
   * Who stood still goes on last: at once, and by then in a sound world.
   */
  async heal(): Promise<void> {
    const { supervisor } = this;
    supervisor.healAll();
    for (const id of supervisor.nodes) {
      if (!isSound(supervisor.world(id))) supervisor.setWorld(id, SOUND_WORLD);
      supervisor.resume(id);
    }
    await supervisor.inForce();
  }

  /** Whoever is told that it is done meets it. */
  private async inForce(): Promise<FaultOutcome> {
    await this.supervisor.inForce();
    return DONE;
  }

  private check(fault: Fault): FaultRefusal | null {
    switch (fault.type) {
      case 'link':
        if (fault.from === fault.to)
          return refusal('BAD_REQUEST', 'a link joins two different nodes', 'to');
        return this.unknown(fault.from, 'from') ?? this.unknown(fault.to, 'to');
      case 'partition':
        return this.checkGroups(fault.groups);
      default:
        return this.unknown(fault.node, 'node');
    }
  }

  private checkGroups(groups: readonly (readonly string[])[]): FaultRefusal | null {
    const seen = new Set<string>();
    for (const [i, group] of groups.entries()) {
      for (const [j, id] of group.entries()) {
        const path = `groups.${i}.${j}`;
        const unknown = this.unknown(id, path);
        if (unknown !== null) return unknown;
        if (seen.has(id)) return refusal('BAD_REQUEST', `${id} is named twice`, path);
        seen.add(id);
      }
    }
    return null;
  }

  private unknown(id: string, path: string): FaultRefusal | null {
    return this.supervisor.has(id) ? null : refusal('NODE_UNKNOWN', `there is no node ${id}`, path);
  }

  private setLinks(directions: readonly Direction[], change: LinkChange): void {
    for (const [from, to] of directions) {
      this.supervisor.setLink(from, to, changed(this.supervisor.rule(from, to), change));
    }
  }
}

type Direction = readonly [from: string, to: string];

function directionsOf({ from, to, both }: Extract<Fault, { type: 'link' }>): readonly Direction[] {
  return both
    ? [
        [from, to],
        [to, from],
      ]
    : [[from, to]];
}

function directionsBetween(groups: readonly (readonly string[])[]): readonly Direction[] {
  return groups.flatMap((group, i) =>
    groups.flatMap((other, j) =>
      i === j ? [] : group.flatMap((from) => other.map((to): Direction => [from, to])),
    ),
  );
}

function changed(before: LinkRule, change: LinkChange): LinkRule {
  return {
    cut: change.cut ?? before.cut,
    delayMs: change.delayMs ?? before.delayMs,
    jitterMs: change.jitterMs ?? before.jitterMs,
    loss: change.loss ?? before.loss,
    duplicate: change.duplicate ?? before.duplicate,
    reorder: change.reorder ?? before.reorder,
  };
}

/** The parts that the change set, as they are in a whole link. */
function undone(change: LinkChange): LinkChange {
  const parts = Object.keys(change) as (keyof LinkChange)[];
  return Object.fromEntries(parts.map((part) => [part, OPEN_LINK[part]]));
}

function isSound({ diskDelayMs, diskFull, clockOffsetMs, clockDrift }: NodeWorld): boolean {
  return diskDelayMs === 0 && !diskFull && clockOffsetMs === 0 && clockDrift === 0;
}

const DONE: FaultOutcome = ok(null);

function refusal(code: FaultRefusal['code'], message: string, path: string): FaultRefusal {
  return { code, message, path };
}

function conflict(message: string): FaultOutcome {
  return err({ code: 'CONFLICT', message });
}

function notRunning(id: string): FaultOutcome {
  return conflict(`node ${id} is not running`);
}
