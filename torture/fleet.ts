/** Clients in processes of their own: started, heard, brought to rest. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientPlan, FromClient, ToClient } from './events.ts';

/** A client that does not come to rest in this time hangs, ms. */
const SETTLE_WITHIN_MS = 180_000;

export class Fleet {
  private readonly clients: readonly Client[];

  /** `file`: bundle of the client process. `onMessage` hears all that each tells. */
  constructor(
    file: string,
    plans: readonly ClientPlan[],
    onMessage: (client: string, message: FromClient) => void,
  ) {
    this.clients = plans.map((plan) => {
      const client = new Client(file, (message) => onMessage(plan.name, message));
      client.send({ type: 'begin', plan });
      return client;
    });
  }

  /** All that is open is answered. What did not come to it, in words. */
  rest(): Promise<readonly string[]> {
    return this.all('resting', () => {
      for (const each of this.clients) each.send({ type: 'rest' });
    });
  }

  /** Every watch has told everything, once `end` has written what they wait for. */
  done(end: () => Promise<unknown>): Promise<readonly string[]> {
    return this.all('done', end);
  }

  kill(): void {
    for (const client of this.clients) client.kill();
  }

  private async all(type: FromClient['type'], ask: () => unknown): Promise<readonly string[]> {
    const heard = Promise.allSettled(this.clients.map((each) => each.heard(type)));
    await ask();
    return (await heard).flatMap((each) =>
      each.status === 'rejected' ? [String(each.reason)] : [],
    );
  }
}

class Client {
  private readonly child: ChildProcess;
  private readonly onMessage: (message: FromClient) => void;
  private onHeard: (type: FromClient['type']) => void = () => {};
  private readonly failed: Promise<never>;

  constructor(file: string, onMessage: (message: FromClient) => void) {
    this.onMessage = onMessage;
    this.child = fork(file, [], { serialization: 'advanced' });
    this.child.on('message', (message) => {
      this.onMessage(message as FromClient);
      this.onHeard((message as FromClient).type);
    });
    this.failed = once(this.child, 'exit').then(([code]) => {
      throw new Error(`a client ended with code ${code}`);
    });
    this.failed.catch(() => {});
  }

  send(message: ToClient): void {
    if (this.child.connected) this.child.send(message);
  }

  /** Resolves when it says so; rejects when it ends first, or does not say so in time. */
  async heard(type: FromClient['type']): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.onHeard = (heard) => {
        if (heard === type) resolve();
      };
    });
    const limit = new AbortController();
    const late = delay(SETTLE_WITHIN_MS, undefined, { signal: limit.signal }).then(() => {
      throw new Error(`a client does not come to ${type}`);
    });
    late.catch(() => {});
    try {
      await Promise.race([answered, this.failed, late]);
    } finally {
      limit.abort();
    }
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
