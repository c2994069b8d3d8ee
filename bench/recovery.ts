/** How long a crash is felt: until the next acknowledged write, and until a killed node serves again. */
import type { RunningServer } from '../server/server.ts';
import { spread } from './closed-loop.ts';
import type { Spread } from './closed-loop.ts';
import { writeOnce } from './in-process.ts';

export interface Durations extends Spread {
  readonly rounds: number;
}

/** From the kill of the leader to the first write acknowledged after it. */
export async function measureFailOver(server: RunningServer, rounds: number): Promise<Durations> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await writeOnce(server, round);
    const leader = leaderOf(server);
    const killedMs = performance.now();
    const killed = server.supervisor.kill(leader);
    await writeOnce(server, round);
    took.push(performance.now() - killedMs);
    await killed;
    await server.supervisor.revive(leader);
    await caughtUp(server);
  }
  return { rounds, ...spread(took) };
}

/** From asking for a killed follower to its serving again from its own database. */
export async function measureRestart(server: RunningServer, rounds: number): Promise<Durations> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const leader = leaderOf(server);
    const follower = server.supervisor.nodes.find((id) => id !== leader) ?? leader;
    await server.supervisor.kill(follower);
    const askedMs = performance.now();
    await server.supervisor.revive(follower);
    took.push(performance.now() - askedMs);
    await caughtUp(server);
  }
  return { rounds, ...spread(took) };
}

/** Writes until the log has `versions` entries. */
export async function fill(server: RunningServer, versions: number): Promise<void> {
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < versions) await writeOnce(server, next++);
  };
  await Promise.all(Array.from({ length: 512 }, writer));
}

function leaderOf(server: RunningServer): string {
  const leader = server.fold
    .view(Date.now())
    .nodes.find(({ role, state }) => role === 'leader' && state === 'serving');
  if (leader === undefined) throw new Error('no leader is known');
  return leader.id;
}

/** Every node serves, and has applied what the leader has. */
async function caughtUp(server: RunningServer): Promise<void> {
  for (;;) {
    const { nodes } = server.fold.view(Date.now());
    const applied = new Set(nodes.map(({ lastApplied }) => lastApplied));
    const leads = nodes.filter(({ role }) => role === 'leader').length === 1;
    if (leads && applied.size === 1 && nodes.every(({ state }) => state === 'serving')) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
