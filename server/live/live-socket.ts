/** The sockets of pages, as Socket.IO has them. */
import type { Server, Socket } from 'socket.io';
import type { Identity } from '../access/access.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '../../contracts/live.ts';

interface SocketData {
  identity: Identity;
  /** Missed patches: needs the whole view before the next one. */
  behind: boolean;
}

type NoEvents = Record<string, never>;

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents, NoEvents, SocketData>;
