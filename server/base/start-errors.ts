/** Why a server did not start. Nothing of it is left running, and each message is one line for a person. */

/** A setting that cannot be used. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The folder of the data cannot be used: another server has it, or it holds something else. */
export class DataDirError extends Error {
  override readonly name = 'DataDirError';
}

/** The address cannot be listened on. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Not one node came up. */
export class NoNodeError extends Error {
  override readonly name = 'NoNodeError';
}
