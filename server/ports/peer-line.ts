/**
 * One end of a two-way line to one life of a peer. What is sent arrives in its order or not
 * at all; into a line that has broken it is sent for nothing. A MessagePort is one.
 */
export interface PeerLine {
  postMessage(packet: unknown): void;
  on(event: 'message', listener: (packet: unknown) => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  close(): void;
}
