/** What a program holds of the server that it started. */
import type { ConnectOptions, KvClient } from '../client/kv/index.ts';
import type { Fault, LastingFault } from '../contracts/faults.ts';

/** Of `connect`, what is not given by where the server is. */
export type ClientOptions = Omit<ConnectOptions, 'url' | 'urls' | 'fetch' | 'clock'>;

/** A cluster in this process. Its threads keep the process alive until it is closed. */
export interface Chronoraft<Url extends string | null = string> {
  /** "http://127.0.0.1:3000"; null when nothing listens. */
  readonly url: Url;
  readonly clusterId: string;
  /** Absolute. */
  readonly dataDir: string;
  /**
   * A client whose requests stay within the process; without a `token` it is the
   * operator. It ends with the server. Throws ClosedError after `close()`.
   */
  client(options?: ClientOptions): KvClient;
  /**
   * Any operation of the API from within the process: `fetch('/api/v1/cluster')`.
   * Without a token it is the operator, so nothing that strangers sent goes through here as it came.
   */
  readonly fetch: typeof fetch;
  /** Breaks something, until it is mended; resolves when it is in force. Rejects with FaultError. */
  fault(fault: Fault): Promise<void>;
  /** Takes a fault away, of whatever force it is by now. Rejects with FaultError. */
  mend(fault: LastingFault): Promise<void>;
  /** Makes links whole, ends pauses, puts disks and clocks right. Nodes that are down stay down. */
  heal(): Promise<void>;
  /**
   * Answers what is under way, ends clients, closes every database, and frees port and
   * folder. A second call waits for the first.
   */
  close(): Promise<void>;
  /** As `close`: for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}
