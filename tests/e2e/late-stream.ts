/** The page's line to the server, with what the server says on it held back. */
import type { Page } from 'playwright/test';

export interface LateStream {
  /** What the server says comes so much later, ms; infinite for never. */
  lateMs: number;
}

/** Of the lines that the page opens from now on. */
export async function lateStream(page: Page, lateMs: number): Promise<LateStream> {
  const stream: LateStream = { lateMs };
  await page.routeWebSocket(/\/socket\.io\//, (line) => {
    const server = line.connectToServer();
    server.onMessage((message) => {
      if (stream.lateMs !== Number.POSITIVE_INFINITY)
        setTimeout(() => line.send(message), stream.lateMs);
    });
  });
  return stream;
}
