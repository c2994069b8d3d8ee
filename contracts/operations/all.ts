/** Every operation of the HTTP API. */
import { access } from './access.ts';
import { cluster } from './cluster.ts';
import { faults } from './faults.ts';
import { files } from './files.ts';
import { laboratory } from './laboratory.ts';
import type { Operation } from './operation.ts';
import { reads } from './reads.ts';
import { server } from './server.ts';
import { writes } from './writes.ts';

export const OPERATIONS: readonly Operation[] = [
  reads,
  writes,
  files,
  cluster,
  faults,
  laboratory,
  access,
  server,
].flatMap((group): Operation[] => Object.values(group));
