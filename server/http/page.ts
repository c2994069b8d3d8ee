/** The dashboard: Next as a custom server, mounted for everything that is not the API's. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SERVER_HEADER } from '../../contracts/first-view.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import { protectPage } from './headers.ts';

/** Answers whatever is not the API's. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface Page {
  readonly handle: PageHandler;
  close(): Promise<void>;
}

/** Loads the built page (or, in development, one that reloads). `server` tells it from others in this process. */
export async function openPage(config: Config, httpServer: Server, server: string): Promise<Page> {
  // Next is large: whoever serves the API alone does not wait for it.
  const { default: next } = await import('next');
  const app = next({
    dev: config.dev,
    dir: config.root,
    httpServer,
    hostname: config.host,
    port: config.port,
  });
  const handle = app.getRequestHandler();
  await app.prepare();
  return {
    handle: (request, response) => {
      request.headers[SERVER_HEADER] = server;
      protectPage(request, response, { tls: config.tls !== null, dev: config.dev });
      return handle(request, response);
    },
    close: () => app.close(),
  };
}

/** Has the page answer, and not Fastify, which would have given it the request's id. */
export async function handOver(
  page: PageHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.hijack();
  reply.raw.setHeader('x-request-id', request.id);
  await page(request.raw, reply.raw);
}
