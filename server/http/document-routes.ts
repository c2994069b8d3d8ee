/** The API described, for programs and for people: `/api/v1/openapi.json`, `/api/docs`. */
import type { FastifyInstance } from 'fastify';
import { PAGE_TYPE, server } from '../../contracts/operations/server.ts';
import { docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import type { OpenApiDocument } from './openapi.ts';
import { route } from './route.ts';

export function documentRoutes(app: FastifyInstance, version: string): void {
  let made: OpenApiDocument | null = null;
  let page: string | null = null;
  // Nobody may ever ask.
  const document = (): OpenApiDocument => (made ??= openApiDocument(version));

  route(app, server.document, () => ({ ...document() }));

  route(app, server.docs, (_input, _request, reply) => {
    page ??= docsPage(document());
    return reply
      .type(PAGE_TYPE)
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
      .send(page);
  });
}
