/**
 * The part of the view that tells of speed: the pace, and the messages on their
 * way. Those are few while a cluster is slowed for a person; of more than can be
 * looked at, the newest are kept.
 */
import type { TransitReport } from '../node/pace-control.ts';
import type { PaceView, TransitPatch, TransitView } from '../../contracts/pace.ts';
import { packetId } from './cluster-pace.ts';

const MAX_ON_THE_WAY = 200;

export interface PaceParts {
  readonly pace: PaceView;
  readonly transit: TransitView[];
}

export class PaceFold {
  private view: PaceView;
  private readonly onTheWay = new Map<string, TransitView>();
  private paceChanged = false;
  private sent: TransitView[] = [];
  private ended: TransitPatch['ended'] = [];

  constructor(nowMs: number) {
    this.view = { pace: 1, clusterMs: 0, atMs: nowMs };
  }

  set(view: PaceView): void {
    this.view = view;
    this.paceChanged = true;
  }

  /** `clusterMs`: now. Gives what was dropped by hand. */
  report({ boot, from, sent, ended }: TransitReport, clusterMs: number): readonly TransitView[] {
    for (const { number, takesMs, fields, ...message } of sent) {
      const packet: TransitView = {
        ...message,
        fields: [...fields],
        id: packetId(from, boot, number),
        sentAtMs: clusterMs,
        arrivesAtMs: clusterMs + takesMs,
      };
      this.onTheWay.set(packet.id, packet);
      this.sent.push(packet);
    }
    const dropped: TransitView[] = [];
    for (const { number, how } of ended) {
      const id = packetId(from, boot, number);
      const packet = this.onTheWay.get(id);
      if (packet !== undefined && how === 'dropped') dropped.push(packet);
      this.end(id, how);
    }
    for (const id of this.onTheWay.keys()) {
      if (this.onTheWay.size <= MAX_ON_THE_WAY) break;
      this.end(id, 'untold');
    }
    return dropped;
  }

  /** The node is gone, and with it what it had on its way. */
  forget(node: string): void {
    for (const { id, from } of this.onTheWay.values()) if (from === node) this.end(id, 'lost');
  }

  parts(): PaceParts {
    return { pace: this.view, transit: [...this.onTheWay.values()] };
  }

  /** What changed since the last call; null when nothing did. */
  takePatch(): { pace?: PaceView; transit?: TransitPatch } | null {
    const { sent, ended, paceChanged } = this;
    const isMoving = sent.length + ended.length > 0;
    if (!paceChanged && !isMoving) return null;
    this.paceChanged = false;
    this.sent = [];
    this.ended = [];
    return {
      ...(paceChanged && { pace: this.view }),
      ...(isMoving && { transit: { sent, ended } }),
    };
  }

  /** What was sent and is over before a patch told of it is told of in none. */
  private end(id: string, how: TransitPatch['ended'][number]['how']): void {
    if (!this.onTheWay.delete(id)) return;
    const before = this.sent.length;
    this.sent = this.sent.filter((packet) => packet.id !== id);
    if (this.sent.length === before) this.ended.push({ id, how });
  }
}
