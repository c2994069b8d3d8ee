/**
 * The door of a node: what comes from other nodes passes here before the core
 * sees it, and what must not pass is dropped, as if it had been lost, and counted
 * by reason. Raft bears any loss; it does not bear a number that is none, or words
 * of another cluster.
 *
 * Of each peer the newest life heard of is remembered. What an earlier one said is
 * dropped; so is what comes from another store under the same name, which has
 * forgotten what the first one promised (docs/adr/0014).
 */
import type { StoreIdentity } from '../ports/node-storage.ts';
import type { Packet, PacketHead } from '../ports/transport.ts';
import { parseMessage } from '../raft/parse-message.ts';
import type { Message } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';
import type { DropCause, DropCounts } from './control.ts';

/** Of what nodes say to each other: raised whenever an older program would misread it. */
const PROTOCOL_VERSION = 1;
const NOTHING: readonly Message[] = [];

export class Admission {
  /** What this node sends goes under this. */
  readonly head: PacketHead;
  private readonly id: NodeId;
  private readonly lives = new Map<NodeId, { readonly storeId: string; bootEpoch: number }>();
  private readonly counts: { -readonly [K in keyof DropCounts]: DropCounts[K] } = {
    malformed: 0,
    version: 0,
    cluster: 0,
    store: 0,
    earlierLife: 0,
    misdirected: 0,
  };

  constructor({ nodeId, clusterId, storeId, bootEpoch }: StoreIdentity) {
    this.id = nodeId;
    this.head = { version: PROTOCOL_VERSION, clusterId, storeId, bootEpoch };
  }

  /** Dropped since this node started: a packet whose head is refused counts once, else each message for itself. */
  get drops(): DropCounts {
    return { ...this.counts };
  }

  /** The messages of `packet`, which came from `from`, that the core may see. Never throws. */
  admit(from: NodeId, packet: unknown): readonly Message[] {
    const { head, messages } = (packet ?? {}) as { [K in keyof Packet]?: unknown };
    if (!Array.isArray(messages) || !isHead(head)) return this.drop('malformed');
    const cause = this.refusal(from, head);
    if (cause !== null) return this.drop(cause);
    return this.allOf(from, messages as readonly unknown[]);
  }

  /** The same array when all may pass, which is nearly always. */
  private allOf(from: NodeId, values: readonly unknown[]): readonly Message[] {
    let passed: Message[] | null = null;
    for (const [i, value] of values.entries()) {
      const message = parseMessage(value);
      const cause = message === null ? 'malformed' : this.misdirected(from, message);
      if (cause === null) passed?.push(message as Message);
      else {
        passed ??= values.slice(0, i) as Message[];
        this.drop(cause);
      }
    }
    return passed ?? (values as readonly Message[]);
  }

  private misdirected(from: NodeId, message: Message): DropCause | null {
    return message.from === from && message.to === this.id ? null : 'misdirected';
  }

  private refusal(from: NodeId, head: PacketHead): DropCause | null {
    if (head.version !== PROTOCOL_VERSION) return 'version';
    if (head.clusterId !== this.head.clusterId) return 'cluster';
    const life = this.lives.get(from);
    if (life === undefined) {
      this.lives.set(from, { storeId: head.storeId, bootEpoch: head.bootEpoch });
      return null;
    }
    if (head.storeId !== life.storeId) return 'store';
    if (head.bootEpoch < life.bootEpoch) return 'earlierLife';
    life.bootEpoch = head.bootEpoch;
    return null;
  }

  private drop(cause: DropCause): readonly Message[] {
    this.counts[cause]++;
    return NOTHING;
  }
}

function isHead(value: unknown): value is PacketHead {
  if (typeof value !== 'object' || value === null) return false;
  const { version, clusterId, storeId, bootEpoch }: { [K in keyof PacketHead]?: unknown } = value;
  return (
    isCount(version) &&
    typeof clusterId === 'string' &&
    typeof storeId === 'string' &&
    isCount(bootEpoch)
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
