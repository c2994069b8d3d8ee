/** All that the package `chronoraft/server` has. */
export { startChronoraft } from './start.ts';
export type { Chronoraft, ClientOptions } from './chronoraft.ts';
export type { ChronoraftOptions } from './chronoraft-options.ts';
export { FaultError } from './fault-error.ts';
export {
  ConfigError,
  DataDirError,
  ListenError,
  NoNodeError,
} from '../server/base/start-errors.ts';
export type { Fault, LastingFault, LinkChange } from '../contracts/faults.ts';
