/**
 * Faults of nodes' disks and clocks, several on one at once, and each part as it
 * was before once the last of them is over. What a person set meanwhile stays.
 */
import { must } from '../base/assert.ts';
import type { Supervisor } from '../cluster/supervisor.ts';
import type { NodeWorld } from '../node/control.ts';

export type WorldPart = Exclude<keyof NodeWorld, 'diskFull'>;

interface WorldFault {
  readonly node: string;
  readonly part: WorldPart;
  /** Added to what is there, in the part's unit. */
  readonly by: number;
}

interface Touched {
  /** As it stood before the first fault. */
  readonly before: number;
  /** As it was set last. */
  set: number;
}

type Worlds = Pick<Supervisor, 'world' | 'setWorld' | 'has'>;

export class WorldFaults {
  private readonly worlds: Worlds;
  private readonly standing = new Map<number, WorldFault>();
  private readonly touched = new Map<string, Touched>();

  constructor(worlds: Worlds) {
    this.worlds = worlds;
  }

  begin(number: number, fault: WorldFault): void {
    this.standing.set(number, fault);
    const now = this.worlds.world(fault.node)[fault.part];
    const key = keyOf(fault);
    if (!this.touched.has(key)) this.touched.set(key, { before: now, set: now });
    this.apply(fault);
  }

  end(number: number): void {
    const ended = this.standing.get(number);
    this.standing.delete(number);
    if (ended !== undefined) this.apply(ended);
  }

  private apply(fault: WorldFault): void {
    const { node, part } = fault;
    const key = keyOf(fault);
    const touched = must(this.touched.get(key), `${part} of ${node}`);
    const faults = [...this.standing.values()].filter((other) => keyOf(other) === key);
    if (faults.length === 0) this.touched.delete(key);
    if (!this.worlds.has(node)) return;
    const world = this.worlds.world(node);
    if (world[part] !== touched.set) return;
    touched.set = faults.reduce((sum, { by }) => sum + by, touched.before);
    this.worlds.setWorld(node, { ...world, [part]: touched.set });
  }
}

function keyOf({ node, part }: WorldFault): string {
  return `${node} ${part}`;
}
