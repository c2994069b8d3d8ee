/** The table of all commands, in the order in which help shows them. */
import { aboutCommands } from './commands/about.ts';
import { BACKUPS } from './commands/backup.ts';
import { BENCHES } from './commands/bench.ts';
import { CHAOS } from './commands/chaos.ts';
import { MEMBERS, NODES, SNAPSHOTS } from './commands/nodes.ts';
import { READS } from './commands/read.ts';
import { RETENTIONS } from './commands/retention.ts';
import { STARTS } from './commands/start.ts';
import { VIEWS } from './commands/top.ts';
import { WATCHES } from './commands/watch.ts';
import { WRITES } from './commands/write.ts';
import type { Command } from './command.ts';
import type { Group } from './help.ts';

export const GROUPS: readonly Group[] = [
  { name: 'The server', commands: [...STARTS, ...VIEWS] },
  { name: 'Write', commands: WRITES },
  { name: 'Read', commands: [...READS, ...WATCHES] },
  { name: 'Files', commands: BACKUPS },
  { name: 'The past', commands: RETENTIONS },
  { name: 'Break and mend', commands: NODES },
  { name: 'Members', commands: [...MEMBERS, ...SNAPSHOTS] },
  { name: 'Trials', commands: [...CHAOS, ...BENCHES] },
  { name: 'Help', commands: aboutCommands(() => GROUPS) },
];

export const COMMANDS: readonly Command[] = GROUPS.flatMap(({ commands }) => commands);
