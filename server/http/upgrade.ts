/**
 * Requests that offer another protocol. A server may ignore the offer, and ours
 * does but for the live socket: clients that offer HTTP/2 with each request
 * (curl --http2, some libraries) are answered as if they had not.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Header names that make the offer. */
const OFFER = new Set(['upgrade', 'http2-settings', 'connection']);

/**
 * Node hands a request over as a bare socket as soon as anyone listens for
 * upgrades. What `isOurs` does not claim is put back before the parser, without
 * the offer. Call before the server listens.
 */
export function ignoreOtherUpgrades(server: Server, isOurs: (url: string) => boolean): void {
  server.on('upgrade', (request: IncomingMessage, socket: Socket, rest: Buffer) => {
    const { method = 'GET', url = '/', httpVersion, rawHeaders } = request;
    if (isOurs(url)) return;
    const lines = [`${method} ${url} HTTP/${httpVersion}`];
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? '';
      if (!OFFER.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1]}`);
    }
    socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), rest]));
    server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
  });
}
