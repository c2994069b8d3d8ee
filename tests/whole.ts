/** A cluster as a test finds it that goes by its health. */
import { expect } from 'vitest';
import { verdictOf } from '../client/verdict.ts';
import type { TestServer } from './server.ts';

/** Starts who is down, as an earlier test may have left them; resolves when all follow one leader. */
export async function makeWhole({ supervisor, fold }: TestServer): Promise<void> {
  await Promise.all(supervisor.nodes.map((id) => supervisor.revive(id)));
  await expect.poll(() => verdictOf(fold.view(Date.now())).state).toBe('healthy');
}
