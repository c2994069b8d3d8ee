/** All that the package `chronoraft/client` has. */
export { connect } from './connect.ts';
export type { ConnectOptions } from './connect.ts';
export type {
  BatchResult,
  DiffOptions,
  DiffSide,
  Expected,
  HistoryOptions,
  KeyRange,
  KvClient,
  PageOptions,
  ReadOptions,
  RecordOptions,
  RestoreOptions,
  ScannedRecord,
  SetOptions,
  SwapAnswer,
  TtlOptions,
  WholeRecord,
  WriteOptions,
} from './kv-client.ts';
export type { CallLimits } from './calls.ts';
export type { BatchWrite, Dated, Done, Extent, View } from './requests.ts';
export type { Pages } from './pages.ts';
export type { Watch, WatchOptions } from './watch.ts';
export type { Clock } from './time.ts';
export {
  AbortedError,
  ChronoraftError,
  ClosedError,
  CompactedError,
  ConditionFailedError,
  ForbiddenError,
  InvalidRequestError,
  NotFoundError,
  OperationRefusedError,
  OutcomeUnknownError,
  RevisionNotYetError,
  ServerError,
  UnavailableError,
} from './errors.ts';
export type { ClientErrorCode, ResolveOptions } from './errors.ts';
export type {
  DiffAnswer,
  FieldView,
  GetAnswer,
  HistoryAnswer,
  HistoryVersion,
  Horizon,
  KeysAnswer,
  RecordAnswer,
  RecordsAnswer,
  Value,
  VersionView,
} from '../../contracts/kv.ts';
export type {
  AppendAnswer,
  CellCondition,
  Condition,
  DeleteAnswer,
  DeleteRecordAnswer,
  IncrementAnswer,
  Operation,
  OperationOutcome,
  RemoveAnswer,
  RestoreAnswer,
  SetAnswer,
  TransactionAnswer,
} from '../../contracts/write.ts';
export type { BatchView } from '../../contracts/watch.ts';
export type { ClusterView } from '../../contracts/view.ts';
