/**
 * What must hold of the whole cluster after every step, checked incrementally:
 * only what the step may have changed is looked at again.
 */
import { assert } from '../server/base/assert.ts';
import type { NodeHost } from '../server/node/node-host.ts';
import type { Entry, LogIndex, NodeId, Term } from '../server/raft/types.ts';
import type { SimDisk } from './sim-disk.ts';

export class Invariants {
  /** The one log: entry i at position i - 1, fixed when first committed anywhere. */
  readonly committed: Entry[] = [];
  checks = 0;
  leaderChanges = 0;
  private readonly leaders = new Map<Term, NodeId>();
  private readonly hashes = new Map<LogIndex, string>();
  /** How far each node's committed prefix was compared, since its boot. */
  private readonly compared = new Map<NodeId, LogIndex>();
  /** The revision at which each node's state was compared last, since its boot. */
  private readonly hashed = new Map<NodeId, LogIndex>();
  private readonly lastTerm = new Map<NodeId, Term>();
  private readonly quorum: number;
  private readonly disks: ReadonlyMap<NodeId, SimDisk>;

  constructor(disks: ReadonlyMap<NodeId, SimDisk>) {
    this.disks = disks;
    this.quorum = Math.floor(disks.size / 2) + 1;
  }

  /** A node starts again: what it remembers is compared anew. */
  booted(id: NodeId): void {
    this.compared.set(id, 0);
    this.hashed.delete(id);
  }

  /** Call after every step that may have touched `host`. */
  check(id: NodeId, host: NodeHost): void {
    const { raft, kv } = host;
    this.checks++;
    assert(raft.term >= (this.lastTerm.get(id) ?? 0), `${id}: terms never go back`);
    if (this.disks.get(id)?.hardState.term === raft.term) this.lastTerm.set(id, raft.term);
    assert(raft.commitIndex <= raft.lastIndex, `${id}: commit ≤ last`);
    assert(kv.lastApplied <= raft.commitIndex, `${id}: applied ≤ commit`);
    if (raft.role === 'leader') this.checkLeader(id, raft.term, host);
    this.checkCommitted(id, host);
    if (this.hashed.get(id) !== kv.lastApplied) this.checkHash(id, host);
  }

  /** Two logs that hold the same (index, term) are equal up to there (§5.3). Costly: for the end and now and then. */
  checkLogMatching(hosts: readonly NodeHost[]): void {
    for (const [i, a] of hosts.entries()) {
      for (const b of hosts.slice(i + 1)) {
        let index = Math.min(a.raft.lastIndex, b.raft.lastIndex);
        while (index > 0 && a.raft.entryAt(index).term !== b.raft.entryAt(index).term) index--;
        for (; index > 0; index--) {
          assert(isSame(a.raft.entryAt(index), b.raft.entryAt(index)), `logs match at ${index}`);
        }
      }
    }
    this.checks++;
  }

  /** An acknowledged write stands in the committed log, durable on a quorum of disks. */
  checkAcknowledged(index: LogIndex): void {
    const entry = this.committed[index - 1];
    assert(entry !== undefined, `acknowledged entry ${index} is committed`);
    let copies = 0;
    for (const disk of this.disks.values()) {
      const held = disk.entries[index - 1];
      if (held !== undefined && isSame(held, entry)) copies++;
    }
    assert(
      copies >= this.quorum,
      `acknowledged entry ${index} is durable on a quorum, not on ${copies}`,
    );
    this.checks++;
  }

  /** One leader a term (§5.2), and it holds everything committed before (§5.4). */
  private checkLeader(id: NodeId, term: Term, host: NodeHost): void {
    const known = this.leaders.get(term);
    assert(
      known === undefined || known === id,
      `one leader in term ${term}, not ${known} and ${id}`,
    );
    if (known !== undefined) return;
    this.leaders.set(term, id);
    this.leaderChanges++;
    for (const entry of this.committed) {
      if (entry.term >= term) break;
      assert(
        host.raft.lastIndex >= entry.index,
        `leader ${id} of term ${term} holds committed entry ${entry.index}`,
      );
      assert(
        isSame(host.raft.entryAt(entry.index), entry),
        `leader ${id} of term ${term} agrees on entry ${entry.index}`,
      );
    }
  }

  private checkCommitted(id: NodeId, { raft }: NodeHost): void {
    for (let index = (this.compared.get(id) ?? 0) + 1; index <= raft.commitIndex; index++) {
      const entry = raft.entryAt(index);
      const fixed = this.committed[index - 1];
      if (fixed === undefined) {
        assert(index === this.committed.length + 1, 'the committed log has no holes');
        this.committed.push(entry);
      } else assert(isSame(fixed, entry), `${id}: committed entry ${index} never changes`);
      this.compared.set(id, index);
    }
  }

  private checkHash(id: NodeId, { kv }: NodeHost): void {
    const { lastApplied, stateHash } = kv;
    const known = this.hashes.get(lastApplied);
    if (known === undefined) this.hashes.set(lastApplied, stateHash);
    else assert(known === stateHash, `${id}: equal revision ${lastApplied}, equal state`);
    this.hashed.set(id, lastApplied);
  }
}

function isSame(a: Entry, b: Entry): boolean {
  return (
    a === b ||
    (a.index === b.index &&
      a.term === b.term &&
      a.stamp === b.stamp &&
      a.kind === b.kind &&
      a.data === b.data)
  );
}
