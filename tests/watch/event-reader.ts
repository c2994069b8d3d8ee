/** A reader of server-sent events that can stop reading, go away, and come back. */
import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { BatchView, WatchEnd, WatchLagging, WatchProgress } from '../../contracts/watch.ts';

export type WatchMessage =
  | { readonly event: 'changes'; readonly id: number; readonly data: BatchView }
  | { readonly event: 'progress'; readonly id: number; readonly data: WatchProgress }
  | { readonly event: 'lagging'; readonly id: number; readonly data: WatchLagging }
  | { readonly event: 'end'; readonly id: number; readonly data: WatchEnd };

export class EventReader {
  readonly messages: WatchMessage[] = [];
  readonly response: IncomingMessage;
  private text = '';
  private onMessage: () => void = () => {};

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (text: string) => this.read(text));
    response.on('error', () => {});
    response.on('close', () => this.onMessage());
  }

  static async open(
    url: string,
    query = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventReader> {
    const request = get(`${url}/api/v1/watch${query}`, {
      headers: { 'request-timeout-ms': '60000', ...headers },
      agent: false,
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return new EventReader(response);
  }

  get batches(): BatchView[] {
    return this.messages.flatMap((message) => (message.event === 'changes' ? [message.data] : []));
  }

  get lastId(): number {
    return this.messages.at(-1)?.id ?? 0;
  }

  /** Resolves once what has come so far is enough; fails when no more comes. */
  async until(isEnough: (messages: readonly WatchMessage[]) => boolean): Promise<void> {
    while (!isEnough(this.messages)) {
      if (this.response.closed) throw new Error('the stream is over');
      await new Promise<void>((resolve) => {
        this.onMessage = resolve;
      });
    }
  }

  /** Everything up to a revision has been told. */
  async reach(revision: number): Promise<void> {
    await this.until((messages) => messages.some(({ id }) => id >= revision));
  }

  close(): void {
    this.response.destroy();
  }

  private read(text: string): void {
    this.text += text;
    const events = this.text.split('\n\n');
    this.text = events.pop() ?? '';
    for (const event of events) this.messages.push(parseEvent(event));
    this.onMessage();
  }
}

function parseEvent(text: string): WatchMessage {
  const fields = new Map(
    text.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]),
  );
  const id = Number(fields.get('id'));
  const data: unknown = JSON.parse(fields.get('data') ?? '');
  const event = fields.get('event');
  switch (event) {
    case 'changes':
      return { event, id, data: BatchView.parse(data) };
    case 'progress':
      return { event, id, data: WatchProgress.parse(data) };
    case 'lagging':
      return { event, id, data: WatchLagging.parse(data) };
    case 'end':
      return { event, id, data: WatchEnd.parse(data) };
    default:
      throw new Error(`no event of ours: ${text}`);
  }
}
