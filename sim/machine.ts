/** A machine of the simulated cluster: what outlives the boots of its node, and the node while it runs. */
import { assert } from '../server/base/assert.ts';
import { encodeCommand } from '../server/kv/command.ts';
import type { Proposed, ReadResult } from '../server/node/control.ts';
import type { NodeHost } from '../server/node/node-host.ts';
import type { NodeId } from '../server/raft/types.ts';
import type { SimClock, ClockError } from './sim-clock.ts';
import type { SimDisk } from './sim-disk.ts';

export const TICK = encodeCommand({ op: 'tick' });

export class Machine {
  readonly id: NodeId;
  readonly disk: SimDisk;
  readonly clockError: ClockError;
  /** To be called whenever its node runs. */
  readonly onRun: () => void;
  /** The store that it came up with first, as the real server notes it; null before. */
  storeId: string | null = null;
  /** 'damaged': its next start may be refused. 'lost': it was, for good. 'replaced': and it has left the cluster since. */
  fate: 'well' | 'damaged' | 'lost' | 'replaced' = 'well';
  /** The new node that is to take its place. */
  heir: NodeId | null = null;
  /** Called when its damaged store is refused. */
  onRefused: () => void = () => {};
  host: NodeHost | null = null;
  clock: SimClock | null = null;
  readonly proposals = new Map<number, (proposed: Proposed) => void>();
  readonly reads = new Map<number, (read: ReadResult) => void>();

  constructor(id: NodeId, disk: SimDisk, clockError: ClockError, onRun: () => void) {
    this.id = id;
    this.disk = disk;
    this.clockError = clockError;
    this.onRun = onRun;
  }

  /** As the real server's worker opens its store. Throws StorageError. */
  open(): ReturnType<SimDisk['open']> {
    const opened = this.disk.open(this.storeId);
    this.storeId ??= this.disk.storeId;
    this.fate = 'well';
    return opened;
  }

  /** A write that changes nothing; `onDone` is called when the answer is that it is done. */
  proposeTick(id: number, onDone: () => void): void {
    if (this.host === null) return;
    this.proposals.set(id, (proposed) => {
      if (proposed.outcome === 'applied' && proposed.result.ok) onDone();
    });
    this.host.propose([{ id, data: TICK }]);
  }

  /** What only another version of the program would ask: every node must refuse it alike. */
  proposeUnknown(id: number, onRefused: () => void): void {
    if (this.host === null) return;
    this.proposals.set(id, (proposed) => {
      if (proposed.outcome !== 'applied') return;
      const { result } = proposed;
      const isRefused = !result.ok && result.error.code === 'BAD_COMMAND';
      assert(isRefused, 'a command that is not understood is refused, never guessed at');
      onRefused();
    });
    this.host.propose([{ id, data: '["transmute","a","x",null,null,null]' }]);
  }
}
