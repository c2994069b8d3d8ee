/** Writes and reads over HTTP, the client in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Load, LoadResult } from './closed-loop.ts';
import type { HttpTask } from './http-client.ts';
import type { Target } from './server-process.ts';

/** The bundle beside this one. */
const CLIENT = fileURLToPath(new URL('http-client.js', import.meta.url));

export async function measureHttp(
  system: HttpTask['system'],
  target: Target,
  operation: HttpTask['operation'],
  load: Load,
): Promise<LoadResult> {
  const task: HttpTask = { system, operation, url: target.urls[0] ?? '', load };
  const child = spawn(process.execPath, [CLIENT, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the client ended with ${code}`);
  return JSON.parse(output) as LoadResult;
}
