/** The schemas that have a name in the OpenAPI document, under which clients generate types. */
import * as backup from '../../contracts/backup.ts';
import * as chaos from '../../contracts/chaos.ts';
import * as control from '../../contracts/control.ts';
import { ErrorCode, Problem } from '../../contracts/errors.ts';
import * as faults from '../../contracts/faults.ts';
import * as invariants from '../../contracts/invariants.ts';
import * as kv from '../../contracts/kv.ts';
import * as metrics from '../../contracts/metrics.ts';
import * as pace from '../../contracts/pace.ts';
import * as recording from '../../contracts/recording.ts';
import * as retention from '../../contracts/retention.ts';
import * as server from '../../contracts/server.ts';
import * as trace from '../../contracts/trace.ts';
import * as view from '../../contracts/view.ts';
import * as watch from '../../contracts/watch.ts';
import * as write from '../../contracts/write.ts';

export const COMPONENTS = {
  Problem,
  ErrorCode,
  Value: kv.Value,
  FoundInstead: kv.FoundInstead,
  Horizon: kv.Horizon,
  VersionView: kv.VersionView,
  FieldView: kv.FieldView,
  HistoryVersion: kv.HistoryVersion,
  GetAnswer: kv.GetAnswer,
  RecordAnswer: kv.RecordAnswer,
  KeysAnswer: kv.KeysAnswer,
  RecordsAnswer: kv.RecordsAnswer,
  HistoryAnswer: kv.HistoryAnswer,
  DiffAnswer: kv.DiffAnswer,
  BatchView: watch.BatchView,
  ChangesAnswer: watch.ChangesAnswer,
  WatchProgress: watch.WatchProgress,
  WatchLagging: watch.WatchLagging,
  WatchEnd: watch.WatchEnd,
  CellCondition: write.CellCondition,
  Condition: write.Condition,
  Operation: write.Operation,
  OperationOutcome: write.OperationOutcome,
  SetBody: write.SetBody,
  AppendBody: write.AppendBody,
  RemoveBody: write.RemoveBody,
  IncrementBody: write.IncrementBody,
  TransactionBody: write.TransactionBody,
  BatchWrite: write.BatchWrite,
  BatchBody: write.BatchBody,
  RestoreBody: write.RestoreBody,
  SessionAnswer: write.SessionAnswer,
  SetAnswer: write.SetAnswer,
  DeleteAnswer: write.DeleteAnswer,
  DeleteRecordAnswer: write.DeleteRecordAnswer,
  AppendAnswer: write.AppendAnswer,
  RemoveAnswer: write.RemoveAnswer,
  IncrementAnswer: write.IncrementAnswer,
  TransactionAnswer: write.TransactionAnswer,
  BatchAnswer: write.BatchAnswer,
  RestoreAnswer: write.RestoreAnswer,
  BackupHeader: backup.BackupHeader,
  BackupRestoreAnswer: backup.BackupRestoreAnswer,
  RestoreStatus: backup.RestoreStatus,
  RetentionBody: retention.RetentionBody,
  RetentionAnswer: retention.RetentionAnswer,
  ClusterView: view.ClusterView,
  NodeView: view.NodeView,
  LinkView: view.LinkView,
  EntryView: view.EntryView,
  EventView: view.EventView,
  InvariantView: invariants.InvariantView,
  InvariantsAnswer: invariants.InvariantsAnswer,
  MetricsAnswer: metrics.MetricsAnswer,
  MetricsDetail: metrics.MetricsDetail,
  LogAnswer: control.LogAnswer,
  NodeActionAnswer: control.NodeActionAnswer,
  MemberAnswer: control.MemberAnswer,
  AddMemberBody: control.AddMemberBody,
  LinkBody: faults.LinkBody,
  LinkPatchBody: faults.LinkPatchBody,
  PartitionBody: faults.PartitionBody,
  PauseBody: faults.PauseBody,
  DiskBody: faults.DiskBody,
  ClockBody: faults.ClockBody,
  NodeFaults: faults.NodeFaults,
  NodeFaultsAnswer: faults.NodeFaultsAnswer,
  PaceBody: pace.PaceBody,
  PaceView: pace.PaceView,
  TransitView: pace.TransitView,
  StepAnswer: pace.StepAnswer,
  TraceAnswer: trace.TraceAnswer,
  RecordingAnswer: recording.RecordingAnswer,
  ChaosBody: chaos.ChaosBody,
  ChaosSettings: chaos.ChaosSettings,
  ChaosSchedule: chaos.ChaosSchedule,
  ChaosSummary: chaos.ChaosSummary,
  ChaosRun: chaos.ChaosRun,
  ChaosRuns: chaos.ChaosRuns,
  ChaosOperation: chaos.ChaosOperation,
  LiveAnswer: server.LiveAnswer,
  ReadyAnswer: server.ReadyAnswer,
  VersionAnswer: server.VersionAnswer,
} as const;
