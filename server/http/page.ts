/** The dashboard: Next as a custom server, mounted for everything that is not the API's. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SERVER_HEADER } from '../../contracts/first-view.ts';
import type { Config } from '../config.ts';
import { protectPage } from './headers.ts';

export interface Page {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
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
