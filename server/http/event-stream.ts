/**
 * A watch as server-sent events over one HTTP answer. What was written and has
 * not left is counted; beyond a bound the hub gives no more. `id` is the
 * revision up to which all is told, so that `Last-Event-ID` is where to go on.
 */
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { WatchEnd, WatchLagging, WatchProgress } from '../../contracts/watch.ts';
import type { ChangeBatch } from '../kv/queries.ts';
import type { Watch } from '../watch/hub.ts';
import type { WatchEvent, WatchSink } from '../watch/watcher.ts';
import type { HttpError } from './errors.ts';
import { watchEnded } from './kv-problems.ts';

/** Written and not sent yet, beyond which there is no room. */
const ROOM_BYTES = 256 * 1024;
/** A long event goes in pieces: that one leaves shows that the reader lives. */
const PIECE_BYTES = 64 * 1024;
/** After its end a watch has this long to be read to it, ms. */
const END_WITHIN_MS = 5000;

/** The same batch goes to many. */
const encoded = new WeakMap<ChangeBatch, Buffer>();

export class EventStream implements WatchSink {
  private readonly response: ServerResponse;
  private readonly requestId: string;
  private readonly watch: Watch;
  private waitingBytes = 0;
  /** Everything up to here is told. */
  private through: number;

  /** `headers` are those of every answer. */
  constructor(
    response: ServerResponse,
    headers: NodeJS.Dict<OutgoingHttpHeader>,
    requestId: string,
    watch: Watch,
  ) {
    this.response = response;
    this.requestId = requestId;
    this.watch = watch;
    this.through = watch.after;
    response.on('close', () => watch.close());
    // Of a reader that is gone only its going matters.
    response.on('error', () => {});
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
  }

  get hasRoom(): boolean {
    return this.waitingBytes < ROOM_BYTES;
  }

  get isIdle(): boolean {
    return this.waitingBytes === 0;
  }

  send(event: WatchEvent): void {
    this.through = event.type === 'changes' ? event.batch.revision : event.through;
    this.writeAll(this.encode(event));
    if (event.type === 'end') this.hangUp();
  }

  /** Ends it, with `why`, for another reason than the hub's. */
  dismiss(why: HttpError): void {
    this.watch.close();
    const { through } = this;
    const problem = why.problem(this.requestId);
    this.writeAll(encode('end', { through, problem } satisfies WatchEnd, through));
    this.hangUp();
  }

  private writeAll(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      this.write(bytes.subarray(at, at + PIECE_BYTES));
  }

  private hangUp(): void {
    this.response.end();
    const force = setTimeout(() => this.response.destroy(), END_WITHIN_MS);
    force.unref();
    this.response.once('close', () => clearTimeout(force));
  }

  private write(piece: Buffer): void {
    this.waitingBytes += piece.length;
    this.response.write(piece, (error) => {
      this.waitingBytes -= piece.length;
      if (error === null || error === undefined) this.watch.took();
    });
  }

  private encode(event: WatchEvent): Buffer {
    switch (event.type) {
      case 'changes': {
        const { batch } = event;
        const bytes = encoded.get(batch) ?? encode('changes', batch, batch.revision);
        encoded.set(batch, bytes);
        return bytes;
      }
      case 'progress': {
        const { through } = event;
        return encode('progress', { through } satisfies WatchProgress, through);
      }
      case 'lagging': {
        const { through, head } = event;
        return encode('lagging', { through, head } satisfies WatchLagging, through);
      }
      case 'end': {
        const { through, end } = event;
        const problem = watchEnded(end).problem(this.requestId);
        return encode('end', { through, problem } satisfies WatchEnd, through);
      }
    }
  }
}

function encode(event: string, data: object, id: number): Buffer {
  return Buffer.from(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
}
