/** A real server whose nodes carry a bug. */
import { rmSync } from 'node:fs';
import { readConfig } from '../../server/config.ts';
import { createLogger } from '../../server/logger.ts';
import { startServer } from '../../server/server.ts';
import type { Planted } from '../e2e/planted-root.ts';
import { plantedRoot } from '../e2e/planted-root.ts';
import { makeDataDir } from '../server.ts';
import type { TestServer } from '../server.ts';

export async function startPlantedServer(
  edits: readonly Planted[],
  env: Record<string, string> = {},
): Promise<TestServer> {
  const root = await plantedRoot(edits);
  const dataDir = makeDataDir();
  const clean = (): void => {
    rmSync(root, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const config = readConfig({ PORT: '0', DATA_DIR: dataDir, PAGE: 'off', ...env }, root);
    const server = await startServer(config, createLogger('silent'), 'test');
    const destroy = async (): Promise<void> => {
      await server.close();
      clean();
    };
    return { ...server, dataDir, destroy };
  } catch (error) {
    clean();
    throw error;
  }
}

/** A follower takes back what it called committed, where `when` holds of it, and does not look at itself. */
export function commitGoesBack(when: string): readonly Planted[] {
  const commits = '  core.commitTo(Math.min(message.leaderCommit, core.log.lastIndex));\n';
  return [
    {
      file: 'server/raft/replication.ts',
      find: commits,
      replace: `${commits}  if (${when}) core.commitIndex = 2;\n`,
    },
    {
      file: 'server/raft/invariants.ts',
      find: "  assert(core.commitIndex >= before.commitIndex, 'the commit index never goes back');\n",
      replace: '',
    },
    {
      file: 'server/raft/invariants.ts',
      find: "  assert(core.lastApplied <= core.commitIndex, 'applied ≤ commit');\n",
      replace: '',
    },
  ];
}
