/** Where each server leaves, within its own process, a way for its page to draw the cluster at its first paint. */
import type { ClusterView } from './view.ts';

const PLACE = Symbol.for('chronoraft.first-views');

/** Of a request to the page, put there by the server that took it: which of those in this process it is. */
export const SERVER_HEADER = 'x-chronoraft-server';

type FirstView = () => ClusterView;

export function leaveFirstView(server: string, view: FirstView): void {
  views().set(server, view);
}

/** Of a server that ends. */
export function forgetFirstView(server: string): void {
  views().delete(server);
}

/** Null when there is no such server in this process. */
export function takeFirstView(server: string): ClusterView | null {
  return views().get(server)?.() ?? null;
}

function views(): Map<string, FirstView> {
  const shared = globalThis as { [PLACE]?: Map<string, FirstView> };
  shared[PLACE] ??= new Map();
  return shared[PLACE];
}
