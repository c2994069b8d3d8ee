/** `start`: the server, as `npm start` starts it, with its settings as options. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Call } from '../call.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { CliError } from '../failure.ts';

/** Option to setting of the environment. What is wrong with a value the server says. */
const SETTINGS = [
  ['port', 'PORT', 'N', 'Where it listens; 3000 unless said, 0 for any that is free'],
  ['host', 'HOST', 'NAME', 'On which address; 127.0.0.1 unless said'],
  ['data-dir', 'DATA_DIR', 'FOLDER', 'Where the data is; ./data of the project unless said'],
  ['nodes', 'NODES', 'N', 'Voters of a new cluster: 1, 3, 5 or 7; 3 unless said'],
  ['heartbeat', 'HEARTBEAT_MS', 'MS', 'Between heartbeats; 30 unless said'],
  ['election-timeout', 'ELECTION_TIMEOUT_MS', 'MS', 'Silence before an election; 300 unless said'],
  ['lease', 'LEASE_MS', 'MS', 'How long reads need no quorum after a write; 0, never, unless said'],
  ['log-level', 'LOG_LEVEL', 'LEVEL', 'fatal, error, warn, info, debug, trace or silent'],
] as const;

const start: Command = {
  name: 'start',
  summary: 'Start the server: nodes, API and dashboard, in this process',
  about: [
    'It builds what is stale, starts, says where it is, and runs until Ctrl-C. Options stand before the environment, and the environment before a .env file.',
  ],
  arguments: [],
  options: [
    ...SETTINGS.map(([name, , value, about]) => ({ name, value, about })),
    { name: 'no-page', about: 'The API without the dashboard' },
  ],
  examples: [
    {
      line: 'chronoraft start --port 0 --data-dir ./try --no-page',
      about: 'a server of its own, on any free port',
      endless: true,
    },
  ],
  async run(call) {
    const { folder } = call.io;
    for (const [option, name] of SETTINGS) {
      const value = call.text(option);
      if (value !== undefined) process.env[name] = value;
    }
    // The server stands in the project's folder, the person who typed it may not.
    const dataDir = call.text('data-dir');
    if (dataDir !== undefined) process.env['DATA_DIR'] = path.resolve(folder, dataDir);
    if (call.flag('no-page')) process.env['PAGE'] = 'off';
    await import(pathToFileURL(scriptOf(call)).href);
    // It lives on by its own sockets, and ends by its own signals.
    return new Promise<never>(() => {});
  },
};

/** Beside this bundle's folder, in a clone. */
function scriptOf(call: Call): string {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
  const script = path.join(root, 'scripts', 'start.mjs');
  if (existsSync(script)) return script;
  const todo = 'run it from a clone of the project';
  throw new CliError(
    EXIT.failed,
    'NO_SERVER',
    `${call.command.name}: there is no server here`,
    todo,
  );
}

export const STARTS: readonly Command[] = [start];
